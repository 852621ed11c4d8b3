#include "host/workload.h"

#include "host/sandbox.h"

using namespace hardened;
using host::Identified;
using host::identify;
using host::Inspector;

namespace {

const std::string id(64, 'a');
const std::string digest = "sha256:" + std::string(64, 'd');
const std::string moby = "/run/docker/runtime-runc/moby";
const std::string root = "/var/lib/docker/overlay2/bae9/merged";
const std::string directory = "/var/lib/docker/containers/" + id;

std::string config(const std::string& container = id) {
  return R"({"ID":")" + container + R"(","Image":")" + digest +
         R"(","Config":{"Image":"nginx:1.25","Labels":{"a":"b","n":7},"StopSignal":"SIGQUIT"},"Name":"/web"})";
}

Json spec_with(const std::string& hostname_source, const Json& annotations = Json::object()) {
  return Json{{"annotations", annotations},
              {"mounts", Json::array({{{"destination", "/etc/hostname"},
                                       {"type", "bind"},
                                       {"source", hostname_source},
                                       {"options", {"rbind"}}}})}};
}

Identified told(const Json& spec, const std::string& runtime_root = moby, const std::string& resolved_root = root,
                const std::string& container = id) {
  Inspector inspector;
  return identify(spec, container, runtime_root, resolved_root, inspector);
}

// A forged answer of Docker's, as a container running as root can put it into a volume.
void forge(const std::string& where) {
  sandbox::write_file(where + "/config.v2.json", config(), 0600);
  sandbox::write_file(where + "/hostname", "");
}

}  // namespace

TEST_CASE("workload: Docker's image, digest and labels come from its container directory") {
  sandbox::run([]() -> std::string {
    sandbox::write_file(directory + "/config.v2.json", config(), 0600);
    const std::string other = "/var/lib/docker/containers/" + std::string(64, 'f');
    // Also where /etc/hostname is another container's (--network container:X), the user's own file, or not there.
    for (const Json& spec :
         {spec_with(directory + "/hostname"), spec_with(other + "/hostname"), spec_with("/srv/name"), Json::object()}) {
      const Identified found = told(spec);
      EXPECT(found.engine_directory == directory);
      EXPECT(found.workload.engine == Engine::docker && found.workload.id == id);
      EXPECT(found.workload.image == "nginx:1.25" && found.workload.image_digest == digest);
      EXPECT(found.workload.labels == std::map<std::string, std::string>{{"a", "b"}});
      EXPECT(found.workload.stop_signal == "SIGQUIT");
    }
    // An unknown storage driver: the bind source tells.
    EXPECT(told(spec_with(directory + "/hostname"), moby, "/odd/layout").workload.image == "nginx:1.25");
    EXPECT(told(spec_with(directory + "/hostname"), "/run/other", "/odd/layout").workload.engine == Engine::docker);
    EXPECT(told(spec_with(other + "/hostname"), moby, "/odd/layout").workload.image.empty());
    return {};
  });
}

TEST_CASE("workload: nobody but dockerd can name a Docker container's image") {
  sandbox::run([]() -> std::string {
    const std::string volume = "/var/lib/docker/volumes/v/_data";
    const std::string forged = volume + "/containers/" + id;
    forge(forged);
    EXPECT(::symlink((volume + "/containers").c_str(), (volume + "/later").c_str()) == 0);
    EXPECT(::symlink(forged.c_str(), (volume + "/current").c_str()) == 0);
    // The caller writes bind sources before the id exists, so can only reach a forged directory by other names.
    const Json reached[] = {
        spec_with(volume + "/current/hostname"),
        spec_with(volume + "/containers/" + std::string(64, 'f') + "/hostname"),
        spec_with(volume + "/later/" + id + "/hostname"),
        spec_with(volume + "/x/../containers/" + id + "/hostname"),
        spec_with("/etc/hostname", {{"io.kubernetes.cri-o.Image", "traefik:2"}, {"io.container.manager", "cri-o"}}),
        spec_with("/etc/hostname", {{"io.kubernetes.cri.image-name", "traefik:2"}}),
    };
    for (const Json& spec : reached) {
      const Identified found = told(spec);
      EXPECT(found.workload.engine == Engine::docker);
      EXPECT(found.workload.image.empty() && found.workload.labels.empty() && found.engine_directory.empty());
    }
    return {};
  });
}

TEST_CASE("workload: a container file that cannot be trusted or read leaves the image empty") {
  struct Row {
    const char* sentence;
    std::function<void()> make;
  };
  const std::string file = directory + "/config.v2.json";
  const Row rows[] = {
      {"missing", [] {}},
      {"of another container", [&] { sandbox::write_file(file, config(std::string(64, 'e'))); }},
      {"not JSON", [&] { sandbox::write_file(file, "{\"ID\":"); }},
      {"two images", [&] { sandbox::write_file(file, R"({"ID":")" + id + R"(","Image":"a","Image":"b"})"); }},
      {"bytes after it", [&] { sandbox::write_file(file, config() + "{}"); }},
      {"an array", [&] { sandbox::write_file(file, "[]"); }},
      {"too deep", [&] { sandbox::write_file(file, std::string(100000, '[')); }},
      {"over 8 MiB", [&] { sandbox::write_file(file, config() + std::string(std::size_t{9} << 20, ' ')); }},
      {"writable by others", [&] { sandbox::write_file(file, config(), 0666); }},
      {"somebody else's",
       [&] {
         sandbox::write_file(file, config());
         (void)::chown(file.c_str(), 1000, 0);
       }},
      {"a symbolic link",
       [&] {
         sandbox::write_file("/mnt/config", config());
         (void)::symlink("/mnt/config", file.c_str());
       }},
      {"a FIFO", [&] { (void)::mkfifo(file.c_str(), 0600); }},
      {"in a directory others may write",
       [&] {
         sandbox::write_file(file, config());
         (void)::chmod(directory.c_str(), 0777);
       }},
      {"below somebody's directory",
       [&] {
         sandbox::write_file(file, config());
         (void)::chown("/var/lib/docker", 1000, 0);
       }},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    sandbox::run([&]() -> std::string {
      sandbox::make_directory(directory);
      row.make();
      const Identified found = told(Json::object());
      EXPECT(found.workload.engine == Engine::docker && found.workload.image.empty() && found.engine_directory.empty());
      return {};
    });
  }
}

TEST_CASE("workload: wrong types in Docker's file are passed over") {
  sandbox::run([]() -> std::string {
    sandbox::write_file(directory + "/config.v2.json",
                        R"({"ID":")" + id + R"(","Image":"sha256:short","Config":{"Image":5,"Labels":[1]}})");
    const Identified found = told(Json::object());
    EXPECT(found.engine_directory == directory);
    EXPECT(found.workload.image.empty() && found.workload.image_digest.empty() && found.workload.labels.empty());
    return {};
  });
}

TEST_CASE("workload: a step of Docker's own builder is told by all of its marks") {
  const Json step = {{"ID", id},
                     {"Image", digest},
                     {"Config", {{"Image", digest}, {"Healthcheck", {{"Test", Json::array({"NONE"})}}}}}};
  const Json unlogged = {{"LogConfig", {{"Type", "none"}}}};
  const auto with = [](Json document, const char* pointer, Json value) {
    document[Json::json_pointer(pointer)] = std::move(value);
    return document;
  };
  struct Row {
    const char* sentence;
    Json config;
    Json host;
    bool building;
  };
  const Row rows[] = {
      {"a RUN", step, unlogged, true},
      {"an image by its name", with(step, "/Config/Image", "nginx:1.25"), unlogged, false},
      {"by another id", with(step, "/Config/Image", "sha256:" + std::string(64, 'e')), unlogged, false},
      {"by its digest in a registry", with(step, "/Config/Image", "nginx@" + digest), unlogged, false},
      {"no id at all", with(with(step, "/Config/Image", ""), "/Image", ""), unlogged, false},
      {"a health check", with(step, "/Config/Healthcheck/Test", Json::array({"CMD", "true"})), unlogged, false},
      {"the image's health check", with(step, "/Config/Healthcheck", nullptr), unlogged, false},
      {"a log", step, {{"LogConfig", {{"Type", "json-file"}}}}, false},
      {"a client's ports, though none", step, with(unlogged, "/PortBindings", Json::object()), false},
      {"no ports, as the builder says it", step, with(unlogged, "/PortBindings", nullptr), true},
      {"no volume", step, with(unlogged, "/Binds", Json::array()), true},
      {"a bind mount", step, with(unlogged, "/Binds", Json::array({"/srv:/srv"})), false},
      {"a volume", step, with(unlogged, "/Mounts", Json::array({{{"Type", "volume"}}})), false},
      {"another container's volumes", step, with(unlogged, "/VolumesFrom", Json::array({"db"})), false},
      {"no word about the log", step, Json::object(), false},
      {"a broken file", step, Json::array(), false},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    sandbox::run([&]() -> std::string {
      sandbox::write_file(directory + "/config.v2.json", row.config.dump(), 0600);
      EXPECT(!told(Json::object()).workload.building);  // no hostconfig.json
      sandbox::write_file(directory + "/hostconfig.json", row.host.dump(), 0644);
      EXPECT(told(Json::object()).workload.building == row.building);
      sandbox::write_file(directory + "/hostconfig.json", row.host.dump(), 0666);
      EXPECT(!told(Json::object()).workload.building);
      return {};
    });
  }
  CHECK(
      told(Json{{"hostname", "buildkitsandbox"}}, "", "/var/lib/docker/buildkit/executor/x/rootfs").workload.building);
  CHECK_FALSE(told(Json{{"hostname", "buildkitsandbox"}}, "", "/rootfs").workload.building);
  CHECK_FALSE(told(Json{{"hostname", "other"}}, "", "/var/lib/docker/buildkit/executor/x/rootfs").workload.building);
}

TEST_CASE("workload: Podman's image comes from its store, by the container's own layer") {
  sandbox::run([]() -> std::string {
    const std::string data = "/var/lib/containers/storage";
    const std::string layer = data + "/overlay/c0ffee/merged";
    const Json metadata = {{"image-name", "localhost/web:1"}, {"name", "web"}};
    const auto entry = [&](const std::string& container, const std::string& on, const Json& extra) {
      return Json{
          {"id", container}, {"image", std::string(64, 'd')}, {"layer", on}, {"metadata", extra.dump()}, {"flags", {}}};
    };
    const auto write = [&](const char* list, const Json& entries, mode_t mode = 0600) {
      sandbox::write_file(data + "/overlay-containers/" + list, entries.dump(), mode);
    };
    const Json spec = spec_with("/x", {{"io.container.manager", "libpod"}});
    EXPECT(told(spec, "", layer).workload.image.empty());  // no store
    write("containers.json",
          Json::array({entry("b", "beef", {{"image-name", "other"}}), entry(id, "c0ffee", metadata)}));
    EXPECT(told(spec, "", layer).workload.engine == Engine::podman);
    EXPECT(told(spec, "", layer).workload.image == "localhost/web:1");
    EXPECT(told(spec, "", layer).workload.image_digest == digest);
    EXPECT(told(spec, "", data + "/overlay/beef/merged").workload.image.empty());  // another one's layer
    EXPECT(told(spec, "", "/rootfs").workload.image.empty());                      // podman run --rootfs
    EXPECT(told(spec_with("/x"), "", layer).workload.image.empty());               // not Podman's
    EXPECT(told(spec, "", layer, "b").workload.image.empty());
    write("containers.json", Json::array());
    write("volatile-containers.json", Json::array({entry(id, "c0ffee", metadata)}));  // --rm
    EXPECT(told(spec, "", layer).workload.image == "localhost/web:1");
    write("volatile-containers.json", Json::array({entry(id, "c0ffee", metadata)}), 0666);
    EXPECT(told(spec, "", layer).workload.image.empty());  // anyone may have written that
    return {};
  });
}

TEST_CASE("workload: an id that is a path leads nowhere") {
  sandbox::run([]() -> std::string {
    sandbox::write_file("/var/lib/docker/evil/config.v2.json", config("../evil"));
    sandbox::write_file("/var/lib/docker/config.v2.json", config(".."));
    for (const char* name : {"../evil", "..", ".", ""})
      EXPECT(told(Json::object(), moby, root, name).workload.image.empty());
    return {};
  });
}

TEST_CASE("workload: the engine is told by its marks") {
  struct Row {
    const char* sentence;
    Json spec;
    const char* runtime_root;
    Engine engine;
    const char* image;
  };
  const Row rows[] = {
      {"Docker by its runtime root", Json::object(), "/var/run/docker/runtime-hardened/moby", Engine::docker, ""},
      {"Podman", spec_with("/x", {{"io.container.manager", "libpod"}}), "/run/runc", Engine::podman, ""},
      {"CRI-O",
       spec_with("/x", {{"io.container.manager", "cri-o"},
                        {"io.kubernetes.cri-o.Image", "redis:7"},
                        {"io.kubernetes.cri-o.ImageName", "no"}}),
       "/run/runc", Engine::cri_o, "redis:7"},
      {"containerd's CRI",
       spec_with("/x", {{"io.kubernetes.cri.container-type", "container"},
                        {"io.kubernetes.cri.image-name", "docker.io/library/redis:7"}}),
       "/run/containerd/runc/k8s.io", Engine::containerd, "docker.io/library/redis:7"},
      {"ctr", Json::object(), "/run/containerd/runc/default", Engine::containerd, ""},
      {"buildkit's host name in another's place", Json{{"hostname", "buildkitsandbox"}}, "", Engine::unknown, ""},
      {"buildkitd by its root", Json::object(), "/var/lib/buildkit/runc-overlayfs/executor", Engine::buildkit, ""},
      {"a person at a shell", Json::object(), "/run/runc", Engine::unknown, ""},
      {"no root at all", Json::object(), "", Engine::unknown, ""},
      {"annotations of the wrong type", Json{{"annotations", {{"io.container.manager", 5}}}}, "/run/runc",
       Engine::unknown, ""},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    const Identified found = told(row.spec, row.runtime_root, "/rootfs");
    CHECK(found.workload.engine == row.engine);
    CHECK(found.workload.image == row.image);
  }
}

TEST_CASE("workload: digests and labels of Kubernetes' engines") {
  const Json cri_o = {{"io.container.manager", "cri-o"},
                      {"io.kubernetes.cri-o.ImageRef", "quay.io/redis@" + digest},
                      {"io.kubernetes.cri-o.Labels", R"({"app":"cache"})"}};
  const Identified first = told(spec_with("/x", cri_o), "/run/runc", "/rootfs");
  CHECK(first.workload.image_digest == digest);
  CHECK(first.workload.labels == std::map<std::string, std::string>{{"app", "cache"}});
  CHECK(first.workload.annotations.size() == 3);
  const Json cri = {{"io.kubernetes.cri.image-name", "docker.io/library/redis@" + digest}};
  const char* kubernetes = "/run/containerd/runc/k8s.io";
  CHECK(told(spec_with("/x", cri), kubernetes, "/rootfs").workload.image_digest == digest);
  // ctr run --annotation …, in a namespace of its own.
  CHECK(told(spec_with("/x", cri), "/run/containerd/runc/default", "/rootfs").workload.image.empty());
  const Json broken = {{"io.container.manager", "cri-o"}, {"io.kubernetes.cri-o.Labels", "{\"a\":1,\"a\":2}"}};
  CHECK(told(spec_with("/x", broken), "/run/runc", "/rootfs").workload.labels.empty());
}
