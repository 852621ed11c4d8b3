// Where the grant of a container lies. Header-only: the static pass-through front needs this and no JSON.
#pragma once

#include <string>
#include <string_view>

#include "state/plain_key.h"
#include "util/hash.h"

namespace hardened::state {

// Beside runtime_link, where that names the recorder of training mode: the low-level runtime itself.
inline constexpr char recorded_link[] = "recorded";

// "<state_root>/grants/ab/ab…" for the container `id` under the runtime's --root `runtime_root` (absolute, clean: as
// given or the runtime's default, "/run/runc" or "/run/crun"). The name is the plain key, or, because ids and roots may
// hold anything, 40 hexadecimal digits, SHA-256's first 160 bits: a plain key has a "=" as its third character. The
// first two digits are the shard: what one create has to sweep.
[[nodiscard]] inline std::string grant_directory(std::string_view state_root, std::string_view runtime_root,
                                                 std::string_view id) {
  std::string key;
  if (char plain[longest_plain_key + 1]; write_plain_key(runtime_root, id, plain)) {
    key = plain;
  } else {
    std::string name(runtime_root);
    name += '\0';
    name += id;
    key = sha256_hex(name).substr(0, 40);
  }
  return std::string(state_root) + "/grants/" + key.substr(0, 2) + "/" + key;
}

}  // namespace hardened::state
