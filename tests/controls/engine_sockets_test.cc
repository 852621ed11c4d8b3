#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

struct Row {
  std::string says;
  std::string source;
  host::PathFact fact;
  bool fine;
  const char* named = nullptr;  // what a waiver has to name, where that is not the source
};

host::PathFact at(const std::string& resolved, host::Location location, mode_t mode = S_IFDIR | 0755) {
  host::PathFact fact = file_at(resolved, mode);
  fact.location = std::move(location);
  return fact;
}

const host::PathFact& known(const Facts& facts, const std::string& path) {
  for (const host::SensitiveFact& sensitive : facts.sensitive) {
    if (sensitive.path == path) return sensitive.fact;
  }
  throw std::out_of_range(path);
}

}  // namespace

TEST_CASE("engine-sockets: a socket that is mounted below the source comes along") {
  Facts facts = docker_host();
  host::PathFact below;
  below.exists = true;
  below.resolved = "/srv/app/engine";
  below.location = {0x18, "/docker.sock"};
  below.file_system = "tmpfs";
  facts.paths["/srv/app"] = file_at("/srv/app");
  facts.paths["/srv/app"].mounted_below.push_back(below);
  CHECK(refusal(controls::engine_sockets, spec_with(bind_mount("/srv/app", "/x")), Policy{}, facts) ==
        R"(the mount "/srv/app/engine" below the bind source "/srv/app" is the control socket /run/docker.sock)");
  CHECK(refusal(controls::engine_sockets, spec_with(bind_mount("/srv/app", "/x", {"bind"})), Policy{}, facts).empty());
}

TEST_CASE("engine-sockets: no way leads to the engine's socket") {
  Facts facts = docker_host();
  const mode_t socket = S_IFSOCK | 0660;
  host::PathFact twin = at("/srv/innocent", {0x99, "/innocent"});
  twin.identity = known(facts, "/run/docker.sock").identity;
  const Row rows[] = {
      {"the socket by its usual name", "/var/run/docker.sock", at("/run/docker.sock", {0x18, "/docker.sock"}, socket),
       false},
      {"the socket with a trailing slash", "/run/docker.sock/", at("/run/docker.sock", {0x18, "/docker.sock"}, socket),
       false},
      {"the socket through dots", "/run/x/../docker.sock", at("/run/docker.sock", {0x18, "/docker.sock"}, socket),
       false},
      {"a symbolic link to it", "/srv/link", at("/run/docker.sock", {0x18, "/docker.sock"}, socket), false},
      {"its directory", "/var/run", at("/run", {0x18, "/"}), false},
      {"a symbolic link to its directory", "/srv/dir", at("/run", {0x18, "/"}), false},
      {"the whole host", "/", at("/", {disk, "/"}), false},
      {"another mount of its directory", "/mnt/run", at("/mnt/run", {0x18, "/"}), false, "/run"},
      {"another name of the same inode", "/srv/innocent", twin, false, "/run/docker.sock"},
      {"containerd's directory", "/run/containerd", at("/run/containerd", {0x18, "/containerd"}), false},
      {"a user's session, with agents and rootless engines", "/run/user/1000",
       at("/run/user/1000", {0x18, "/user/1000"}), false},
      {"any socket", "/srv/app.sock", file_at("/srv/app.sock", socket), false},
      {"a local volume over /run", "/var/lib/docker/volumes/v/_data",
       at("/var/lib/docker/volumes/v/_data", {0x18, "/"}), false, "/run"},
      {"the engine's socket while it is gone", "/run/docker.sock", {}, false},
      {"a directory of the host", "/srv/www", file_at("/srv/www"), true},
      {"a name that only begins like the socket", "/run/docker.sock.d",
       at("/run/docker.sock.d", {0x18, "/docker.sock.d"}), true},
      {"a named volume", "/var/lib/docker/volumes/v/_data", file_at("/var/lib/docker/volumes/v/_data"), true},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    facts.paths = {{row.source, row.fact}};
    const auto found = subjects(controls::engine_sockets, spec_with(bind_mount(row.source, "/x")), Policy{}, facts);
    const std::string named = row.named != nullptr ? row.named : row.source;
    CHECK(found == (row.fine ? std::vector<std::string>{} : std::vector<std::string>{named}));
  }
}

TEST_CASE("engine-sockets: read-only, or a bind under another type, changes nothing") {
  Facts facts = docker_host();
  facts.paths["/run/docker.sock"] = at("/run/docker.sock", {0x18, "/docker.sock"}, S_IFSOCK | 0660);
  const Json mounts[] = {
      bind_mount("/run/docker.sock", "/x", {"rbind", "ro"}),
      {{"destination", "/x"}, {"type", "tmpfs"}, {"source", "/run/docker.sock"}, {"options", {"bind"}}},
      {{"destination", "/x"}, {"source", "/run/docker.sock"}},
  };
  for (const Json& mount : mounts)
    CHECK_FALSE(refusal(controls::engine_sockets, spec_with(mount), Policy{}, facts).empty());
  const Json no_bind = {{"destination", "/x"}, {"type", "tmpfs"}, {"source", "/run/docker.sock"}};
  CHECK(refusal(controls::engine_sockets, spec_with(no_bind), Policy{}, facts).empty());
}

TEST_CASE("engine-sockets: each mount is judged, and the sentence says what was found") {
  Facts facts = docker_host();
  facts.paths["/a"] = at("/run/docker.sock", {0x18, "/docker.sock"}, S_IFSOCK | 0660);
  facts.paths["/b"] = at("/run", {0x18, "/"});
  facts.paths["/c"] = file_at("/c");
  const Spec spec(
      Json{{"mounts", Json::array({bind_mount("/a", "/1"), bind_mount("/c", "/2"), bind_mount("/b", "/3")})}});
  CHECK(subjects(controls::engine_sockets, spec, Policy{}, facts) == std::vector<std::string>{"/a", "/b"});
  CHECK(holds(refusal(controls::engine_sockets, spec, Policy{}, facts), "is the control socket /run/docker.sock"));
}
