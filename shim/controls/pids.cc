// Fields: /linux/resources/pids/limit. Allowed: a limit up to the profile's max.
#include <fmt/format.h>

#include "controls/controls.h"
#include "controls/limits.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"CIS Docker 1.6.0", "5.29"}, {"OWASP Docker Cheat Sheet", "RULE #7"}, {"OWASP Docker Top 10", "D07"}};
constexpr std::string_view limit_at = "/linux/resources/pids/limit";
constexpr std::string_view owns[] = {limit_at};

// Podman's own default (containers.conf pids_limit); and whatever CRI-O writes, since the CRI has no field for it.
bool is_engine_default(std::int64_t limit, Engine engine) {
  return engine == Engine::cri_o || (engine == Engine::podman && limit == 2048);
}

void judge_absent(Verdict& verdict, const Policy& policy, host::Operation operation) {
  if (operation == host::Operation::update) {
    // 0 means "unchanged" to Docker and to runc before 1.4, and a real limit of no tasks at all to runc since.
    verdict.tighten(std::string(limit_at), std::nullopt, "0 means unchanged; newer runtimes read it as a limit");
  } else if (const std::uint64_t limit = fallback_of(policy.profile.limits.pids); limit != 0) {
    verdict.tighten(std::string(limit_at), saturated(limit),
                    "without a limit a fork bomb exhausts the host's processes");
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const std::uint64_t max = policy.profile.limits.pids.max;
  const auto limit = asked(spec, limit_at);
  if (!limit) {
    judge_absent(verdict, policy, facts.operation);
  } else if (beyond(*limit, max) && is_engine_default(*limit, facts.workload.engine)) {
    verdict.tighten(std::string(limit_at), saturated(max), "the engine's own default is above the most of the profile");
  } else if (beyond(*limit, max)) {
    verdict.excess(std::string(limit_at), saturated(max),
                   fmt::format("a limit of {} processes is above {}, the most of profile \"{}\"", count_text(*limit),
                               max, policy.profile.name),
                   "pids=" + count_text(*limit), raise_max("pids"));
  }
  return verdict;
}

}  // namespace

const Control pids = {.id = "pids",
                      .title = "The number of processes is limited",
                      .rationale = "A fork bomb in one container would otherwise leave the host without process ids.",
                      .references = references,
                      .owns = owns,
                      .evaluate = evaluate};

}  // namespace hardened::controls
