// The file system controls one after the other, in the table's order, on what a real Docker hands over.
#include "controls/controls.h"
#include "controls/registry.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

const controls::Control* const group[] = {
    &controls::root_path,        &controls::mount_types,  &controls::system_mounts,    &controls::engine_sockets,
    &controls::sensitive_mounts, &controls::propagation,  &controls::mount_options,    &controls::tmpfs_size,
    &controls::devices,          &controls::masked_paths, &controls::read_only_rootfs, &controls::writable_paths};

Policy strict() {
  Policy policy;
  policy.profile.name = "strict";
  policy.profile.limits.shm = {std::uint64_t{64} << 20, std::uint64_t{64} << 20};
  policy.profile.limits.tmpfs = {std::uint64_t{64} << 20, std::uint64_t{256} << 20};
  return policy;
}

Spec all_clamped(Spec spec, const Policy& policy, const Facts& facts) {
  for (const controls::Control* control : group) spec = clamped(*control, spec, policy, facts);
  return spec;
}

}  // namespace

TEST_CASE("file system controls: a plain Docker container is tightened without a word, and twice is like once") {
  for (const char* name : {"docker-default.json", "docker-limits.json"}) {
    INFO(name);
    const Spec spec = read_spec(name);
    const Facts facts = facts_for(spec);
    for (const controls::Control* control : group) {
      INFO(control->id);
      CHECK(subjects(*control, spec, strict(), facts).empty());
    }
    const Spec once = all_clamped(spec, strict(), facts);
    CHECK(all_clamped(once, strict(), facts).document() == once.document());
  }
}

TEST_CASE("file system controls: a hostile container ends up like a plain one") {
  const Spec hostile = read_spec("docker-hostile.json");
  const Spec after = all_clamped(hostile, strict(), facts_for(hostile));
  CHECK(after.elements("/linux/devices").empty());
  CHECK(after.text("/mounts/8/destination") == "/dev/shm");
  CHECK(after.text("/mounts/8/options/size") == "size=67108864");
  CHECK(after.is_true("/root/readonly"));
}

TEST_CASE("file system controls: every one is in the table, and no two own the same") {
  for (const controls::Control* control : group) {
    INFO(control->id);
    CHECK(controls::find_control(control->id) == control);
    CHECK_FALSE(control->references.empty());
    for (const controls::Control* other : group) {
      for (const std::string_view mine : control->owns) {
        for (const std::string_view theirs : other->owns) CHECK((control == other || !oci::overlap(mine, theirs)));
      }
    }
  }
}
