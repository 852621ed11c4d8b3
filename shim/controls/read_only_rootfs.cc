// Fields: /root/readonly. Allowed: true where the profile's rootfs is "read-only".
#include "controls/controls.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Cheat Sheet", "RULE #8"}, {"OWASP Docker Top 10", "D09"}, {"CIS Docker 1.6.0", "5.13"}};
constexpr std::string_view owns[] = {"/root/readonly"};

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts&) {
  Verdict verdict(spec);
  if (policy.profile.rootfs == policy::Rootfs::read_only)
    verdict.tighten("/root/readonly", true, "the image must not change at run time");
  return verdict;
}

}  // namespace

const Control read_only_rootfs = {
    .id = "read-only-rootfs",
    .title = "The image cannot be changed at run time",
    .rationale = "An intruder who cannot write the image cannot leave programs behind, nor fill the host's disk.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
