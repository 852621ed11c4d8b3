// A seccomp filter as meaning: which calls are allowed with which arguments, and what every other call is answered.
// Read from and written to the OCI form (config-linux.md, "Seccomp") as runc and crun load it through libseccomp.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "controls/seccomp_condition.h"
#include "oci/json.h"

namespace hardened::controls {

enum class Action { allow, error, trap, kill_thread, kill_process };  // by severity

struct Answer {
  Action action = Action::error;
  int error = 0;  // errno, of Action::error
  auto operator<=>(const Answer&) const = default;
  [[nodiscard]] bool kills() const { return action >= Action::trap; }
};

struct Denial {
  Clause clause;
  Answer answer;
  auto operator<=>(const Denial&) const = default;
};

// One call: allowed where a clause of `allow` holds and no clause of `deny` does.
struct CallRule {
  // An engine's call has a handful; more is meant to make us slow, and the call is denied.
  static constexpr std::size_t most_clauses = 256;
  std::vector<Clause> allow;
  std::vector<Denial> deny;
  auto operator<=>(const CallRule&) const = default;
};

// Most calls have one of two rules, so rules are shared. Never null.
using SharedRule = std::shared_ptr<const CallRule>;

// Allowed, whatever the arguments.
[[nodiscard]] const SharedRule& always_allowed();
[[nodiscard]] bool is_always_allowed(const CallRule& call);

// `call` in its one form: sorted, of the denials of one clause the most severe, an unconditional denial alone, and no
// more than most_clauses of either.
[[nodiscard]] SharedRule settled(CallRule call);

struct NamedRule {
  std::string name;
  SharedRule rule;
  bool operator==(const NamedRule& other) const { return name == other.name && *rule == *other.rule; }
};

struct SyscallFilter {
  Answer fallback;               // to a call without a rule, and to arguments no clause speaks of
  std::vector<NamedRule> calls;  // sorted by name, each name once
};

// The rule of the call `name`, or nothing.
[[nodiscard]] const CallRule* find_rule(const SyscallFilter& filter, std::string_view name);

// Sorts by name, fast where `calls` are a few sorted lists; of several rules for one call the last counts.
[[nodiscard]] std::vector<NamedRule> sorted(std::vector<NamedRule> calls);

// What the runtime would load from `seccomp`. Where libseccomp's own choice between rules that contradict each other is
// not plain, the one that allows less is taken. What kills a thread kills the process. SCMP_ACT_LOG allows;
// SCMP_ACT_TRACE, SCMP_ACT_NOTIFY and anything unknown is answered with `denied`.
[[nodiscard]] SyscallFilter read_filter(const Json& seccomp, int denied);

// `filter` in the OCI form, always the same for the same meaning; the members are defaultAction, defaultErrnoRet,
// architectures, flags, syscalls.
[[nodiscard]] Json write_filter(const SyscallFilter& filter, const std::vector<std::string>& architectures,
                                const std::vector<std::string>& flags);

// Does the filter hand calls to a listener outside (SCMP_ACT_NOTIFY, listenerPath)?
[[nodiscard]] bool notifies(const Json& seccomp);

}  // namespace hardened::controls
