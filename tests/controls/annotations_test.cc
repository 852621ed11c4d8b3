#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(const std::string& key, const std::string& value = "1", Engine engine = Engine::docker,
             std::vector<std::string> granted = {}) {
  Policy policy;
  policy.profile.annotations = std::move(granted);
  Facts facts;
  facts.workload.engine = engine;
  return try_control(annotations, Json{{"annotations", {{key, value}}}}.dump(), policy, facts).lines;
}

Lines gone(const std::string& key) {
  return {"excess " + key + " /annotations/" + key + " gone"};
}

}  // namespace

TEST_CASE("annotations: those a runtime obeys are removed") {
  for (const char* key :
       {"run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "run.oci.handler", "run.oci.keep_original_groups",
        "run.oci.seccomp.receiver", "krun.cpus", "module.wasm.image/variant", "org.systemd.property.DeviceAllow",
        "org.systemd.property.ExecStartPre", "org.criu.config", "bundle", "io.kubernetes.cri-o.Volumes"}) {
    CAPTURE(key);
    CHECK(judged(key).size() == 1);
  }
  CHECK(judged("org.criu.config") == gone("org.criu.config"));
}

TEST_CASE("annotations: those of people and engines stay") {
  for (const char* key : {"org.opencontainers.image.title", "org.hardened.profile", "io.kubernetes.cri.container-type",
                          "io.container.manager", "org.systemd.property.KillSignal",
                          "org.systemd.property.TimeoutStopUSec", "bundles", "org.criu.configuration", "", "-"}) {
    CAPTURE(key);
    CHECK(judged(key).empty());
  }
}

TEST_CASE("annotations: what only one engine sets by itself") {
  CHECK(judged("io.kubernetes.cri-o.Image", "x", Engine::cri_o).empty());
  CHECK(judged("run.oci.mount_context_type", "rootcontext", Engine::podman).empty());
  CHECK(judged("run.oci.mount_context_type", "context", Engine::podman).size() == 1);
  CHECK(judged("run.oci.mount_context_type", "rootcontext", Engine::docker).size() == 1);
  CHECK(judged("run.oci.seccomp_bpf_data", "x", Engine::podman).size() == 1);
  for (const char* key : {"Created", "TTY", "ContainerType", "SandboxID"}) {
    CAPTURE(key);
    CHECK(judged(std::string("io.kubernetes.cri-o.") + key, "x", Engine::podman).empty());
    CHECK(judged(std::string("io.kubernetes.cri-o.") + key, "x", Engine::docker).size() == 1);
  }
  CHECK(judged("io.kubernetes.cri-o.Volumes", "x", Engine::podman).size() == 1);
  CHECK(judged("org.systemd.property.DeviceAllow", "x", Engine::cri_o).size() == 1);
}

TEST_CASE("annotations: the profile keeps what it lists") {
  CHECK(judged("run.oci.systemd.subgroup", "", Engine::cri_o, {"run.oci.systemd.*"}).empty());
  CHECK(judged("run.oci.handler", "krun", Engine::docker, {"run.oci.systemd.*"}).size() == 1);
}

TEST_CASE("annotations: several at once, with keys that need escaping") {
  const Tried tried =
      try_control(annotations, R"({"annotations":{"module.wasm.image/variant":"x","kept":"y","run.oci.a~b":"z"}})");
  CHECK(tried.lines.size() == 2);
  CHECK(tried.spec.document().dump() == R"({"annotations":{"kept":"y"}})");
  CHECK(try_control(annotations, engine_spec("docker-default.json")).lines.empty());
}
