#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

struct Row {
  std::string says;
  std::string path;
  std::string refused;  // part of the reason; empty: fine
};

Facts host_with_roots() {
  Facts facts = docker_host();
  const std::string merged = "/var/lib/docker/overlay2/abc/merged";
  facts.paths[merged] = file_at(merged);
  facts.paths["/srv/rootfs"] = file_at("/srv/rootfs");
  facts.paths["/var/lib/docker"] = file_at("/var/lib/docker");
  facts.paths["/var/lib/docker/file"] = file_at("/var/lib/docker/file", S_IFREG | 0644);
  facts.paths["/var/lib/docker/link"] = file_at("/");
  facts.paths["/var/lib/dockerish/merged"] = file_at("/var/lib/dockerish/merged");
  facts.paths["/gone"] = host::PathFact{};
  facts.paths["hostlink"] = file_at("/");
  facts.paths["etclink"] = facts.sensitive.front().fact;
  facts.paths["homelink"] = file_at("/home/alice");
  facts.paths["rootfs"] = file_at("/run/containerd/io.containerd.runtime.v2.task/moby/abc/rootfs");
  return facts;
}

}  // namespace

TEST_CASE("root-path: only a directory of an image may be the root") {
  const Facts facts = host_with_roots();
  const Row rows[] = {
      {"Docker's overlay", "/var/lib/docker/overlay2/abc/merged", ""},
      {"containerd's bundle", "rootfs", ""},
      {"a bundle nobody looked into", "./rootfs", ""},
      {"no path at all", "", "names no root"},
      {"the host's root", "/", "does not exist"},
      {"a link to the host's root", "/var/lib/docker/link", "directory of the host"},
      {"a link in the bundle to the host's root", "hostlink", "directory of the host"},
      {"a link in the bundle to something sensitive", "etclink", "directory of the host"},
      {"a link in the bundle to anything else", "homelink", "symbolic link"},
      {"a directory of the host", "/srv/rootfs", "outside"},
      {"the graph root itself", "/var/lib/docker", "outside"},
      {"a neighbour of the graph root", "/var/lib/dockerish/merged", "outside"},
      {"a file", "/var/lib/docker/file", "not a directory"},
      {"a path that climbs", "../../../etc", "climbs"},
      {"an absolute path that climbs", "/var/lib/docker/../../../etc", "climbs"},
      {"a path that is gone", "/gone", "does not exist"},
      {"a path nobody looked at", "/unknown", "does not exist"},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    const Spec spec(Json{{"root", {{"path", row.path}}}});
    const std::string reason = refusal(controls::root_path, spec, Policy{}, facts);
    if (row.refused.empty()) {
      CHECK(reason.empty());
    } else {
      CHECK(holds(reason, row.refused));
    }
  }
}

TEST_CASE("root-path: the host's root is refused also when it was looked at, and cannot be clamped") {
  Facts facts = docker_host();
  facts.paths["/"] = file_at("/");
  const Spec spec(Json{{"root", {{"path", "/"}}}});
  const auto verdict = controls::root_path.evaluate(spec, Policy{}, facts);
  REQUIRE(verdict.findings().size() == 1);
  CHECK_FALSE(verdict.findings().front().clampable);
  CHECK(verdict.findings().front().subject == "/");
}

TEST_CASE("root-path: a spec without a root is refused") {
  CHECK_FALSE(refusal(controls::root_path, Spec(Json::object()), Policy{}, docker_host()).empty());
}
