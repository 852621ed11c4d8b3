// Is a container that just started what it was granted? If not, it does not live on.
#pragma once

#include <chrono>
#include <string>

#include "audit/log.h"
#include "runtime/invocation.h"
#include "util/paths.h"
#include "util/result.h"
#include "verify/look.h"

namespace hardened::attest {

// Tests give their own.
struct Settings {
  std::string state = paths::state;
  audit::Places audit;
  // The first program begins within milliseconds of start's end; two seconds are for a machine that is busy.
  verify::Looks looks{400, std::chrono::milliseconds(5)};
};

// Compares what the kernel enforces on the container that `invocation`, a "start" that succeeded, is about with its
// grant, until nothing is weaker or the time is up (the filter is loaded last, just before the first program). One that
// is weaker, or cannot be compared, is killed, and the audit log tells it; one that has ended already is left alone.
// Errors: Code::refused where it was weaker; any other where it could not be compared.
[[nodiscard]] Status attest(const runtime::Invocation& invocation, const Settings& settings = {});

// Kills the container that `invocation` is about: by the runtime's record of its first process, else by the runtime
// itself. Did it?
[[nodiscard]] bool kill(const runtime::Invocation& invocation, const Settings& settings = {});

}  // namespace hardened::attest
