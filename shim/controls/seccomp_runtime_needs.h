// The calls runc and crun make themselves between loading the filter and execve(2) of the container's program.
#pragma once

#include <string_view>
#include <vector>

#include "host/facts.h"

namespace hardened::controls {

// The needs of `runtime` with no-new-privileges set (then the filter is loaded last); of every runtime known when it is
// none of them. A profile without these starts no container, so they are added whatever it says.
[[nodiscard]] std::vector<std::string_view> runtime_needs(const host::RuntimeFact& runtime);

}  // namespace hardened::controls
