// Which mounts of a spec hand a host path to the container.
#pragma once

#include <string>

#include "oci/json.h"

namespace hardened::host {

// Does a runtime bind-mount the source of `mount` (an element of /mounts)? runc goes by the options "bind" and "rbind"
// and ignores the type then; crun also by the type. What either of them would bind is one.
[[nodiscard]] bool is_bind(const Json& mount);

// Do the mounts below the source come along ("rbind")?
[[nodiscard]] bool is_recursive_bind(const Json& mount);

// The source of a bind mount as the spec spells it; empty where `mount` is no bind mount or names none.
[[nodiscard]] std::string bind_source(const Json& mount);

}  // namespace hardened::host
