#include "util/hash.h"

#include <nettle/base16.h>

#include <array>
#include <cstdint>

namespace hardened {

Sha256::Sha256() {
  sha256_init(&state_);
}

void Sha256::add(std::string_view piece) {
  sha256_update(&state_, piece.size(), reinterpret_cast<const std::uint8_t*>(piece.data()));
}

std::string Sha256::hex() {
  std::array<std::uint8_t, SHA256_DIGEST_SIZE> digest{};
  sha256_digest(&state_, digest.size(), digest.data());
  std::string text(BASE16_ENCODE_LENGTH(SHA256_DIGEST_SIZE), '\0');
  base16_encode_update(text.data(), digest.size(), digest.data());
  return text;
}

std::string sha256_hex(std::string_view data) {
  Sha256 hash;
  hash.add(data);
  return hash.hex();
}

}  // namespace hardened
