// A seccomp filter as meaning: which calls are allowed with which arguments, and what every other call is answered.
// Read from and written to the OCI form (config-linux.md, "Seccomp") as runc and crun load it through libseccomp.
#pragma once

#include <map>
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

struct SyscallFilter {
  Answer fallback;  // to a call without a rule, and to arguments no clause speaks of
  std::map<std::string, CallRule, std::less<>> calls;
};

// Brings `call` into its one form: sorted, of the denials of one clause the most severe, an unconditional denial alone,
// and no more than most_clauses of either.
void settle(CallRule& call);

// What the runtime would load from `seccomp`. Where libseccomp's own choice between rules that contradict each other is
// not plain, the one that allows less is taken. SCMP_ACT_LOG allows; SCMP_ACT_TRACE, SCMP_ACT_NOTIFY and anything
// unknown is answered with `denied`.
[[nodiscard]] SyscallFilter read_filter(const Json& seccomp, int denied);

// `filter` in the OCI form, always the same for the same meaning; the members are defaultAction, defaultErrnoRet,
// architectures, flags, syscalls.
[[nodiscard]] Json write_filter(const SyscallFilter& filter, const std::vector<std::string>& architectures,
                                const std::vector<std::string>& flags);

// Does the filter hand calls to a listener outside (SCMP_ACT_NOTIFY, listenerPath)?
[[nodiscard]] bool notifies(const Json& seccomp);

}  // namespace hardened::controls
