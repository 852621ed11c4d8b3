// Limits from what was in use at most.
#pragma once

#include "generate/draft.h"
#include "generate/evidence.h"
#include "generate/writable.h"
#include "policy/policy.h"

namespace hardened::generate {

// Adds "limits" to `draft`: of memory and processes twice the peak where one was recorded, and a "tmpfs" that lets the
// directories of `plan` be as large as they should. No "max" is below `base`'s or the default.
void add_limits(const Evidence& evidence, const WritablePlan& plan, const policy::Limits& base, Draft& draft);

}  // namespace hardened::generate
