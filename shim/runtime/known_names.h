// The names a policy may use, from the parts that own them.
#pragma once

#include "policy/known.h"

namespace hardened::runtime {

// Control ids from the registry, capabilities from libcap-ng, system calls from libseccomp, groups and socket families
// from the filter generator. The spans live as long as the program.
[[nodiscard]] const policy::Known& known_names();

}  // namespace hardened::runtime
