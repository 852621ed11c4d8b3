// Fields: /linux/intelRdt. Allowed: absent.
#include "controls/controls.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OCI runtime-spec", "config-linux.md, Intel RDT"}};
constexpr std::string_view owns[] = {"/linux/intelRdt"};

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  if (spec.find("/linux/intelRdt") != nullptr)
    verdict.excess("/linux/intelRdt", std::nullopt, "a share of the processor cache was asked for (intelRdt)",
                   "intelRdt");
  return verdict;
}

}  // namespace

const Control intel_rdt = {
    .id = "intel-rdt",
    .title = "No container reserves processor cache",
    .rationale = "A class of service in /sys/fs/resctrl is the host's: it can be joined, starved or left behind.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
