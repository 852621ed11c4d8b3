// Fields: /process/rlimits. Allowed: up to the profile's maxima, no core dumps; on exec up to what the container has.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <set>

#include "controls/controls.h"
#include "controls/granted.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"CIS Docker 1.6.0", "5.19"}, {"OWASP Docker Top 10", "D07"}, {"OWASP Docker Cheat Sheet", "RULE #7"}};
constexpr std::string_view pointer = "/process/rlimits";
constexpr std::string_view owns[] = {pointer};

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();  // RLIM_INFINITY

// Every resource of getrlimit(2): what is none of these, one runtime may skip and another may know.
constexpr std::string_view known_types[] = {"RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
                                            "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
                                            "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
                                            "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};

struct Bounds {
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

struct Rule {
  std::string type;
  std::optional<std::uint64_t> max;  // of the hard limit; nothing: any number, but a number
  std::optional<Bounds> fallback;    // where the process has none
  bool set_by_engine = false;        // a value above the maximum is the engine's own, not the user's
};

std::uint64_t number(const Json& rlimit, const char* member) {
  const auto found = rlimit.find(member);
  if (found == rlimit.end() || !found->is_number_integer()) return 0;
  // Negative: strtoull(3) in a C runtime makes it enormous.
  return !found->is_number_unsigned() && found->get<std::int64_t>() < 0 ? unlimited : found->get<std::uint64_t>();
}

Bounds bounds_of(const Json& rlimit) {
  return {number(rlimit, "soft"), number(rlimit, "hard")};
}

std::string type_of(const Json& entry) {
  const auto found = entry.find("type");
  return found != entry.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string written(std::uint64_t value) {
  return value == unlimited ? "unlimited" : std::to_string(value);
}

// RLIMIT_NPROC counts all processes of a user id on the host, not those of the container: outside a user namespace of
// its own it would make the containers (and host processes) of one uid starve each other, and root is exempt from it
// (kernel/fork.c: INIT_USER).
bool counts_alone(const Spec& spec, const Facts& facts) {
  if (facts.ids.size != 0) return true;
  const Json& namespaces = spec.elements("/linux/namespaces");
  return std::any_of(namespaces.begin(), namespaces.end(), [](const Json& entry) { return type_of(entry) == "user"; });
}

std::vector<Rule> rules_of_profile(const Spec& spec, const policy::Limits& limits, const Facts& facts) {
  // Podman raises both to the most it can where the user names neither.
  const bool podman = facts.workload.engine == Engine::podman;
  const auto both = [](std::uint64_t value) { return Bounds{value, value}; };
  std::vector<Rule> rules = {
      {"RLIMIT_CORE", 0, both(0), false},  // a core dump holds secrets, and core_pattern is the host's
      {"RLIMIT_NOFILE", limits.nofile.max, both(limits.nofile.fallback), podman},
      {"RLIMIT_MEMLOCK", std::nullopt, std::nullopt, false},   // locked pages cannot be reclaimed
      {"RLIMIT_MSGQUEUE", std::nullopt, std::nullopt, false},  // kernel memory
      {"RLIMIT_RTPRIO", 0, std::nullopt, false},               // above 0: real-time scheduling without a capability
      {"RLIMIT_NICE", 20, std::nullopt, false}};               // above 20: negative nice values without a capability
  if (counts_alone(spec, facts)) {
    rules.push_back({"RLIMIT_NPROC", limits.nproc.max, both(limits.nproc.fallback), podman});
  } else if (!podman) {
    rules.push_back({"RLIMIT_NPROC", limits.nproc.max, std::nullopt, false});
  }
  return rules;
}

// The container's own limits take the place of the profile's: an exec may not be above them.
void bind_to_grant(std::vector<Rule>& rules, const Json& granted_rlimits) {
  for (const Json& rlimit : granted_rlimits) {
    const std::string type = type_of(rlimit);
    const Bounds bounds = bounds_of(rlimit);
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&type](const Rule& rule) { return rule.type == type; });
    Rule& rule = found == rules.end() ? rules.emplace_back(Rule{type, std::nullopt, std::nullopt, false}) : *found;
    rule.max = bounds.hard;
    rule.fallback = bounds;
  }
}

Json entry(const std::string& type, const Bounds& bounds) {
  return {{"type", type}, {"hard", bounds.hard}, {"soft", bounds.soft}};
}

// Cuts the entry at `index` down to `rule`. A limit that only must not be infinite has no other value to give it: the
// entry goes, and the engine's own limit stays in force.
void judge(Verdict& verdict, const Json& rlimit, std::size_t index, const Rule& rule) {
  const Bounds asked = bounds_of(rlimit);
  const std::uint64_t highest = std::max(asked.hard, asked.soft);
  if (rule.max ? highest <= *rule.max : highest < unlimited) return;
  std::optional<Json> clamped;
  if (rule.max) {
    clamped = rlimit;
    (*clamped)["hard"] = std::min(asked.hard, *rule.max);
    (*clamped)["soft"] = std::min(asked.soft, *rule.max);
  }
  const std::string at = fmt::format("{}/{}", pointer, index);
  const std::string reason = rule.max ? fmt::format("{} {}, above {}", rule.type, written(highest), *rule.max)
                                      : fmt::format("{} {}", rule.type, written(highest));
  if (rule.set_by_engine) {
    verdict.tighten(at, std::move(clamped), reason);
  } else {
    verdict.excess(at, std::move(clamped), reason, fmt::format("{}={}", rule.type, written(highest)));
  }
}

// Unknown and repeated types: the runtimes do not agree on which of two counts.
void judge_types(Verdict& verdict, const Json& rlimits) {
  std::set<std::string> seen;
  for (std::size_t i = 0; i < rlimits.size(); ++i) {
    const std::string type = type_of(rlimits[i]);
    const std::string at = fmt::format("{}/{}/type", pointer, i);
    if (std::find(std::begin(known_types), std::end(known_types), type) == std::end(known_types)) {
      verdict.refuse(at, fmt::format("{} is not a resource limit", in_quotes(type)), type,
                     "name it as getrlimit(2) does");
    } else if (!seen.insert(type).second) {
      verdict.refuse(at, fmt::format("{} is given twice", type), type, "give it once");
    }
  }
}

// A default must not be more than the container would inherit without it: that would give a right, and raising a hard
// limit takes CAP_SYS_RESOURCE, which not every engine's root has.
Bounds within_inherited(const Rule& rule, const Facts& facts) {
  const auto inherited = facts.inherited_limits.find(rule.type);
  if (inherited == facts.inherited_limits.end()) return *rule.fallback;
  return {std::min(rule.fallback->soft, inherited->second), std::min(rule.fallback->hard, inherited->second)};
}

void add_missing(Verdict& verdict, const Spec& spec, const std::vector<Rule>& rules, const Facts& facts) {
  const Json& rlimits = spec.elements(pointer);
  const auto given = [&rlimits](const std::string& type) {
    return std::any_of(rlimits.begin(), rlimits.end(), [&type](const Json& rlimit) { return type_of(rlimit) == type; });
  };
  Json missing = Json::array();
  for (const Rule& rule : rules) {
    if (rule.fallback && !given(rule.type)) missing.push_back(entry(rule.type, within_inherited(rule, facts)));
  }
  if (missing.empty()) return;
  if (spec.find(pointer) == nullptr) {
    verdict.tighten(std::string(pointer), std::move(missing), "the engine sets no resource limits");
    return;
  }
  for (Json& rlimit : missing)
    verdict.insert(std::string(pointer) + "/-", std::move(rlimit), "the engine sets no such limit");
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  std::vector<Rule> rules = rules_of_profile(spec, policy.profile.limits, facts);
  const Spec grant = granted(facts);
  bind_to_grant(rules, grant.elements(pointer));
  const Json& rlimits = spec.elements(pointer);
  judge_types(verdict, rlimits);
  for (std::size_t i = rlimits.size(); i-- > 0;) {
    const std::string type = type_of(rlimits[i]);
    const auto rule = std::find_if(rules.begin(), rules.end(), [&type](const Rule& each) { return each.type == type; });
    if (rule != rules.end()) judge(verdict, rlimits[i], i, *rule);
  }
  add_missing(verdict, spec, rules, facts);
  return verdict;
}

}  // namespace

const Control rlimits = {
    .id = "rlimits",
    .title = "Processes have resource limits, and leave no core dumps",
    .rationale = "Open files, processes and locked memory are the kernel's, and one container can use them up.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
