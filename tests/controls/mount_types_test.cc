#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

struct Row {
  std::string says;
  Json mount;
  std::string subject;  // of the refusal; empty: fine
};

Json mount_of(const std::string& type, const std::string& destination, const Json& options = Json::array()) {
  return {{"destination", destination}, {"type", type}, {"source", type}, {"options", options}};
}

}  // namespace

TEST_CASE("mount-types: only what every container has, at absolute destinations") {
  const Row rows[] = {
      {"a bind mount", bind_mount("/srv", "/srv"), ""},
      {"a bind mount by option, whatever its type says", mount_of("BIND", "/srv", {"rbind"}), ""},
      {"a bind mount of type none", mount_of("none", "/srv", {"bind"}), ""},
      {"type overlay, but bind by option", mount_of("overlay", "/srv", {"bind"}), ""},
      {"a tmpfs", mount_of("tmpfs", "/tmp"), ""},
      {"proc", mount_of("proc", "/proc"), ""},
      {"control groups of version 2", mount_of("cgroup2", "/sys/fs/cgroup"), ""},
      {"an SELinux context with commas in quotes", mount_of("tmpfs", "/tmp", {R"(context="s0:c1,c2")"}), ""},
      {"debugfs", mount_of("debugfs", "/d"), "debugfs"},
      {"bpf", mount_of("bpf", "/b"), "bpf"},
      {"a disk", mount_of("ext4", "/x"), "ext4"},
      {"an overlay", mount_of("overlay", "/x"), "overlay"},
      {"nfs", mount_of("nfs", "/x"), "nfs"},
      {"bind in capitals and no option", mount_of("BIND", "/x"), "BIND"},
      {"tmpfs with a space", mount_of("tmpfs ", "/x"), "tmpfs "},
      {"type none and no option", mount_of("none", "/x"), "none"},
      {"a relative destination", bind_mount("/srv", "srv"), "srv"},
      {"a destination that climbs", bind_mount("/srv", "/srv/../etc"), "/srv/../etc"},
      {"the root", bind_mount("/srv", "/"), "/"},
      {"the root in another spelling", bind_mount("/srv", "//./"), "//./"},
      {"a second option behind a comma", mount_of("tmpfs", "/t", {"mode=755,size=100g"}), "/t"},
      {"a second option behind quotes", mount_of("tmpfs", "/t", {R"(context="a,b",size=100g)"}), "/t"},
      {"a quote that never ends", mount_of("tmpfs", "/t", {R"(context="a,size=100g)"}), "/t"},
      {"a remount", mount_of("tmpfs", "/t", {"remount", "suid"}), "/t"},
      {"three dots are no climbing", bind_mount("/srv", "/srv/.../x"), ""},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    const auto found = subjects(controls::mount_types, spec_with(row.mount), Policy{}, Facts{});
    CHECK(found == (row.subject.empty() ? std::vector<std::string>{} : std::vector<std::string>{row.subject}));
  }
}

TEST_CASE("mount-types: every bad mount is named, and none can be clamped") {
  const Spec spec(
      Json{{"mounts", Json::array({mount_of("bpf", "/a"), mount_of("tmpfs", "/b"), mount_of("nfs", "/c")})}});
  const auto verdict = controls::mount_types.evaluate(spec, Policy{}, Facts{});
  REQUIRE(verdict.findings().size() == 2);
  CHECK_FALSE(verdict.findings()[0].clampable);
  CHECK(verdict.findings()[1].change.pointer == "/mounts/2");
}

TEST_CASE("mount-types: a mount without destination or type is refused, no mounts are fine") {
  for (const char* text :
       {R"({"type":"tmpfs"})", R"({"destination":"/x"})", R"({"destination":null,"type":"tmpfs"})"}) {
    INFO(text);
    CHECK_FALSE(refusal(controls::mount_types, spec_with(Json::parse(text)), Policy{}, Facts{}).empty());
  }
  for (const char* text : {"{}", R"({"mounts":null})", R"({"mounts":[]})"})
    CHECK(refusal(controls::mount_types, Spec(Json::parse(text)), Policy{}, Facts{}).empty());
}
