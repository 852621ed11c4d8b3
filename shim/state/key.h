// Where the grant of a container lies. Header-only: the static pass-through front needs this and no JSON.
#pragma once

#include <string>
#include <string_view>

#include "util/hash.h"

namespace hardened::state {

// The symbolic link to the low-level runtime: inside a grant directory the one that made the container, inside the
// state directory itself the one used by the last create.
inline constexpr char runtime_link[] = "runtime";
// Beside it where "runtime" names the recorder of training mode: the low-level runtime itself.
inline constexpr char recorded_link[] = "recorded";

// "<state_root>/grants/ab/abcdef…" for the container `id` under the runtime's --root `runtime_root` (absolute, clean:
// as given or the runtime's default, "/run/runc" or "/run/crun"). Hashed, because ids and roots may hold anything; 40
// hexadecimal digits are SHA-256's first 160 bits. The two digits are the shard: what one create has to sweep.
[[nodiscard]] inline std::string grant_directory(std::string_view state_root, std::string_view runtime_root,
                                                 std::string_view id) {
  std::string name(runtime_root);
  name += '\0';
  name += id;
  const std::string key = sha256_hex(name).substr(0, 40);
  return std::string(state_root) + "/grants/" + key.substr(0, 2) + "/" + key;
}

}  // namespace hardened::state
