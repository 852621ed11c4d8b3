// Two filters into one that allows nothing either of them denies.
#pragma once

#include "controls/seccomp_filter_model.h"

namespace hardened::controls {

// What `ours` and `given` both allow, argument by argument; where the common part is no rule libseccomp could load,
// less. A call both deny is answered as `ours` says, unless `given` kills or traps: then as `given` says. A call only
// `given` denies by name keeps that answer. intersect(ours, intersect(ours, given)) is intersect(ours, given).
[[nodiscard]] SyscallFilter intersect(const SyscallFilter& ours, const SyscallFilter& given);

}  // namespace hardened::controls
