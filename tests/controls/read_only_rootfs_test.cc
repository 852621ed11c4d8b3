#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

TEST_CASE("read-only-rootfs: the root becomes read-only where the profile says so, and only there") {
  struct Row {
    std::string says;
    policy::Rootfs rootfs;
    const char* root;
    bool read_only;
  };
  const Row rows[] = {
      {"Docker's default", policy::Rootfs::read_only, R"({"path":"r"})", true},
      {"said to be writable", policy::Rootfs::read_only, R"({"path":"r","readonly":false})", true},
      {"said nothing in so many words", policy::Rootfs::read_only, R"({"path":"r","readonly":null})", true},
      {"already read-only", policy::Rootfs::read_only, R"({"path":"r","readonly":true})", true},
      {"a persistent profile", policy::Rootfs::persistent, R"({"path":"r"})", false},
      {"an ephemeral profile", policy::Rootfs::ephemeral, R"({"path":"r"})", false},
      {"--read-only stays so in a persistent profile", policy::Rootfs::persistent, R"({"path":"r","readonly":true})",
       true},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    Policy policy;
    policy.profile.rootfs = row.rootfs;
    const Spec spec(Json{{"root", Json::parse(row.root)}});
    CHECK(subjects(controls::read_only_rootfs, spec, policy, Facts{}).empty());
    CHECK(clamped(controls::read_only_rootfs, spec, policy, Facts{}).is_true("/root/readonly") == row.read_only);
  }
}

TEST_CASE("read-only-rootfs: the path of the root is left alone") {
  const Spec after = clamped(controls::read_only_rootfs, read_spec("docker-default.json"), Policy{}, Facts{});
  CHECK(after.text("/root/path") == read_spec("docker-default.json").text("/root/path"));
  CHECK(after.is_true("/root/readonly"));
}
