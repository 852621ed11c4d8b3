// Where a container may write although its root is read-only.
#pragma once

#include <string>
#include <vector>

#include "policy/policy.h"

namespace hardened::controls {

// The places that control writable-paths mounts a tmpfs at: absolute, sorted.
[[nodiscard]] std::vector<std::string> writable_places(const Profile& profile);

}  // namespace hardened::controls
