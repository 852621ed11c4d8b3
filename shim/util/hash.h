// SHA-256 (libsodium).
#pragma once

#include <string>
#include <string_view>

namespace hardened {

// The digest of `data` as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view data);

}  // namespace hardened
