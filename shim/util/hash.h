// SHA-256 (Nettle, which uses the processor's instructions for it).
#pragma once

#include <nettle/sha2.h>

#include <string>
#include <string_view>

namespace hardened {

// The digest of `data` as 64 lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view data);

// The same of data that comes in pieces.
class Sha256 {
 public:
  Sha256();
  void add(std::string_view piece);
  // Ends it; to be called once.
  [[nodiscard]] std::string hex();

 private:
  sha256_ctx state_;
};

}  // namespace hardened
