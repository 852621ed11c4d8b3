// The first process of a container, by the runtime's own record of it.
#pragma once

#include <sys/types.h>

#include <string>

#include "util/result.h"

namespace hardened::state {

// What runc (state.json) and crun (status) keep below their --root `runtime_root` of the container `id`: between create
// and start the process that waits to become its first program, afterwards that program. Whether it still runs is not
// asked. Errors: Code::io where there is no record, or one that names no process, or whose process' number was given to
// another since; Code::policy where others may write to it; Code::syntax.
[[nodiscard]] Result<pid_t> init_of(const std::string& runtime_root, const std::string& id);

}  // namespace hardened::state
