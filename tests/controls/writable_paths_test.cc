#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

using Paths = std::vector<std::string>;

Paths destinations(const Spec& spec) {
  Paths result;
  for (const Json& mount : spec.elements("/mounts")) result.push_back(mount.value("destination", ""));
  return result;
}

Paths after(const Json& mounts, const Policy& policy = {}) {
  return destinations(clamped(controls::writable_paths, Spec(Json{{"mounts", mounts}}), policy, Facts{}));
}

Policy with_paths(const std::vector<policy::Writable>& paths) {
  Policy policy;
  policy.profile.writable = paths;
  policy.profile.limits.tmpfs = {std::uint64_t{32} << 20, std::uint64_t{128} << 20};
  return policy;
}

const Json proc = {{"destination", "/proc"}, {"type", "proc"}};

}  // namespace

TEST_CASE("writable-paths: temporary directories come first, so that all other mounts land on top of them") {
  CHECK(after(Json::array({proc})) == Paths{"/run", "/tmp", "/var/tmp", "/proc"});
  CHECK(after(Json::array({proc, bind_mount("/srv", "/run/secrets")})) ==
        Paths{"/run", "/tmp", "/var/tmp", "/proc", "/run/secrets"});
  CHECK(after(Json::array({proc, bind_mount("/srv", "/var/run/app.sock")})) ==
        Paths{"/run", "/tmp", "/var/tmp", "/proc", "/var/run/app.sock"});
}

TEST_CASE("writable-paths: where a mount already decides, nothing is added") {
  struct Row {
    std::string says;
    std::string destination;
    Paths expected;
  };
  const Row rows[] = {
      {"a volume at /tmp", "/tmp", {"/run", "/var/tmp", "/tmp"}},
      {"a volume at /tmp in another spelling", "//tmp/.", {"/run", "/var/tmp", "//tmp/."}},
      {"a relative one", "tmp", {"/run", "/var/tmp", "tmp"}},
      {"a volume above", "/var", {"/run", "/tmp", "/var"}},
      {"a volume below", "/tmp/cache", {"/run", "/tmp", "/var/tmp", "/tmp/cache"}},
      {"a name that only begins like /tmp", "/tmpfiles", {"/run", "/tmp", "/var/tmp", "/tmpfiles"}},
      {"a mount without destination", "", {"/run", "/tmp", "/var/tmp", ""}},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    CHECK(after(Json::array({bind_mount("/srv", row.destination)})) == row.expected);
  }
}

TEST_CASE("writable-paths: a spec without mounts gets a list of them") {
  for (const char* text : {"{}", R"({"mounts":null})", R"({"mounts":[]})"}) {
    const Spec spec = clamped(controls::writable_paths, Spec(Json::parse(text)), Policy{}, Facts{});
    CHECK(destinations(spec) == Paths{"/run", "/tmp", "/var/tmp"});
  }
}

TEST_CASE("writable-paths: the profile's own paths, parents first, within its limit") {
  const Policy policy = with_paths({{"/run/app", 4096}, {"/var/cache/nginx", std::uint64_t{1} << 40}, {"/tmp", 8192}});
  const Spec spec = clamped(controls::writable_paths, Spec(Json{{"mounts", Json::array({proc})}}), policy, Facts{});
  CHECK(destinations(spec) == Paths{"/run", "/run/app", "/tmp", "/var/cache/nginx", "/var/tmp", "/proc"});
  CHECK(spec.text("/mounts/0/options/size") == "size=33554432");
  CHECK(spec.text("/mounts/1/options/size") == "size=4096");
  CHECK(spec.text("/mounts/2/options/size") == "size=8192");
  CHECK(spec.text("/mounts/3/options/size") == "size=134217728");
  CHECK(spec.text("/mounts/2/options/mode") == "mode=1777");
  CHECK(spec.text("/mounts/3/options/mode") == "mode=755");
}

TEST_CASE("writable-paths: a path below a volume is the volume's") {
  const Policy policy = with_paths({{"/var/cache/nginx", 4096}});
  CHECK(after(Json::array({bind_mount("/srv", "/var/cache", {"rbind", "ro"})}), policy) ==
        Paths{"/run", "/tmp", "/var/tmp", "/var/cache"});
}

TEST_CASE("writable-paths: a process that is not root owns its /run, and everybody shares /tmp") {
  const auto options = [](const Json& user, const std::string& pointer) {
    const Spec spec(Json{{"mounts", Json::array({proc})}, {"process", {{"user", user}}}});
    return clamped(controls::writable_paths, spec, Policy{}, Facts{}).strings(pointer);
  };
  const std::string run = "/mounts/0/options";
  const Paths common{"nosuid", "nodev", "noexec", "size=67108864", "mode=755"};
  Paths owned = common;
  owned.insert(owned.end(), {"uid=101", "gid=102"});
  CHECK(options({{"uid", 101}, {"gid", 102}}, run) == owned);
  CHECK(options({{"uid", 0}, {"gid", 0}}, run) == common);
  CHECK(options(Json::object(), run) == common);
  CHECK(options({{"uid", 101}, {"gid", 102}}, "/mounts/1/options").back() == "mode=1777");
}

TEST_CASE("writable-paths: only where the root is read-only") {
  for (const policy::Rootfs rootfs : {policy::Rootfs::ephemeral, policy::Rootfs::persistent}) {
    Policy policy = with_paths({{"/var/cache/nginx", 4096}});
    policy.profile.rootfs = rootfs;
    CHECK(findings(controls::writable_paths, Spec(Json{{"mounts", Json::array({proc})}}), policy, Facts{}).empty());
  }
}

TEST_CASE("writable-paths: what is added satisfies the other controls") {
  const Policy policy = with_paths({{"/var/cache/nginx", 4096}});
  const Spec spec = clamped(controls::writable_paths, Spec(Json{{"mounts", Json::array({proc})}}), policy, Facts{});
  for (const controls::Control* control :
       {&controls::mount_types, &controls::system_mounts, &controls::tmpfs_size, &controls::propagation})
    CHECK(findings(*control, spec, policy, docker_host()).empty());
  Json ours = spec.elements("/mounts");
  ours.erase(ours.size() - 1);
  CHECK(findings(controls::mount_options, Spec(Json{{"mounts", ours}}), policy, docker_host()).empty());
}
