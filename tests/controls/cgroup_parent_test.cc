#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(Engine engine, const std::string& path) {
  Facts facts;
  facts.workload.engine = engine;
  facts.workload.id = "c0ffee";
  return try_control(cgroup_parent, Json{{"linux", {{"cgroupsPath", path}}}}.dump(), Policy{}, facts).lines;
}

struct Row {
  Engine engine;
  std::string path;
};

}  // namespace

TEST_CASE("cgroup-parent: where engines put their containers") {
  const Row rows[] = {
      {Engine::docker, "/docker/c0ffee"},
      {Engine::docker, "system.slice:docker:c0ffee"},
      {Engine::docker, ""},
      {Engine::buildkit, "/docker/buildkit/c0ffee"},
      {Engine::podman, "machine.slice:libpod:c0ffee"},
      {Engine::podman, "/libpod_parent/libpod-c0ffee"},
      {Engine::podman, "machine-libpod_pod_1234.slice:libpod:c0ffee"},
      {Engine::cri_o, "kubepods-besteffort-pod12_34.slice:crio:c0ffee"},
      {Engine::cri_o, "/kubepods/burstable/pod1234/crio-c0ffee"},
      {Engine::containerd, "/default/c0ffee"},
      {Engine::containerd, "/kubepods/besteffort/pod1234/c0ffee"},
      {Engine::containerd, "kubepods-burstable-pod12.slice:cri-containerd:c0ffee"},
      {Engine::unknown, ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(judged(row.engine, row.path).empty());
  }
}

TEST_CASE("cgroup-parent: anywhere else is refused by the path") {
  const Row rows[] = {
      {Engine::docker, "/c0ffee"},                      // --cgroup-parent=/
      {Engine::docker, "/mygroup/c0ffee"},              // --cgroup-parent=/mygroup
      {Engine::docker, "/docker/../c0ffee"},            // out by "..", within the pattern's letters
      {Engine::docker, "/docker/other"},                // another container's
      {Engine::docker, "/docker/x/c0ffee"},             // below another container
      {Engine::docker, "docker/c0ffee"},                // relative: below the runtime's own cgroup
      {Engine::docker, "machine.slice:libpod:c0ffee"},  // another engine's
      {Engine::docker, "-.slice:docker:c0ffee"},        // the root slice
      {Engine::podman, "/libpod_parent/a/b/libpod-c0ffee"},
      {Engine::podman, "/libpod_parent/../libpod-c0ffee"},
      {Engine::containerd, "/a/b/c0ffee"},
      {Engine::containerd, "//c0ffee"},  // the root by an empty namespace
      {Engine::unknown, "/docker/c0ffee"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path);
    CHECK(judged(row.engine, row.path) == Lines{"refuse " + row.path});
  }
}

TEST_CASE("cgroup-parent: a container without an id has no place") {
  Facts facts;
  facts.workload.engine = Engine::docker;
  CHECK(try_control(cgroup_parent, R"({"linux":{"cgroupsPath":"/docker/"}})", Policy{}, facts).lines ==
        Lines{"refuse /docker/"});
}

TEST_CASE("cgroup-parent: the specs Docker hands over") {
  Facts facts;
  facts.workload.engine = Engine::docker;
  facts.workload.id = "93a9b094b4148d9fedee9b214e0461abee52517bebf781d47e2f81ebfe9c1893";
  CHECK(try_control(cgroup_parent, engine_spec("docker-default.json"), Policy{}, facts).lines.empty());
  facts.workload.id = "bfecbe1223391ec1dfe3ad8ad01fd086c7e7c5a865eafffd0a3ea22c2ae8a7c2";
  CHECK(try_control(cgroup_parent, engine_spec("docker-hostile.json"), Policy{}, facts).lines ==
        Lines{"refuse /" + facts.workload.id});
}
