// Fields: /linux/resources/hugepageLimits. Allowed: limits up to the profile's memory max. A page size without a limit
// is left: which sizes exist, and whether the controller is there to take a limit, differs between hosts.
#include <fmt/format.h>

#include "controls/controls.h"
#include "controls/limits.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D07"}};
constexpr std::string_view limits_at = "/linux/resources/hugepageLimits";
constexpr std::string_view owns[] = {"/linux/resources/hugepageLimits/*/limit"};

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts&) {
  Verdict verdict(spec);
  const std::uint64_t max = policy.profile.limits.memory.max;
  for (std::size_t i = 0; i < spec.elements(limits_at).size(); ++i) {
    const std::string parent = fmt::format("{}/{}", limits_at, i);
    const auto limit = asked(spec, parent + "/limit");
    if (!limit || !beyond(*limit, max)) continue;
    const std::string size = spec.text(parent + "/pageSize").value_or("");
    verdict.excess(parent + "/limit", saturated(max),
                   fmt::format("{} of huge pages of {} are above the memory limit {}, the most of profile \"{}\"",
                               size_text(*limit), in_quotes(size), size_text(saturated(max)), policy.profile.name),
                   fmt::format("{}={}", size, size_text(*limit)), raise_max("memory"));
  }
  return verdict;
}

}  // namespace

const Control hugetlb = {
    .id = "hugetlb",
    .title = "Huge pages asked for stay within the memory limit",
    .rationale = "Huge pages are not charged to the memory limit, so a greater allowance of them goes around it.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
