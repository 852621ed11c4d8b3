// The names of most grants' directories. Header-only and without a call into any library: what stands before the C
// library (runtime/entry.cc) needs it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace hardened::state {

// The symbolic link to the low-level runtime: inside a grant directory the one that made the container, inside the
// state directory itself the one used by the last create.
inline constexpr char runtime_link[] = "runtime";

inline constexpr std::size_t longest_plain_key = 200;  // bytes; a name may have 255 (NAME_MAX)

// Writes the key of the container `id` below the runtime's --root `root`, and a NUL, into `key`: two hexadecimal digits
// (FNV-1a of what follows: the shard), the root with "=" for "/", "@", the id. No two pairs have the same key. False
// for what engines do not use: a relative root, other characters than [A-Za-z0-9_.-], more than longest_plain_key
// bytes.
[[nodiscard]] constexpr bool write_plain_key(std::string_view root, std::string_view id,
                                             char (&key)[longest_plain_key + 1]) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  };
  if (root.empty() || *root.begin() != '/' || id.empty()) return false;
  constexpr std::size_t besides = 3;  // the two digits and the "@"
  if (root.size() > longest_plain_key || id.size() > longest_plain_key) return false;
  if (besides + root.size() + id.size() > longest_plain_key) return false;
  std::uint32_t hash = 2166136261U;
  std::size_t size = 2;
  const auto put = [&](char c) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    key[size++] = c;
  };
  for (const char c : root) {
    if (c != '/' && !is_plain(c)) return false;
    put(c == '/' ? '=' : c);
  }
  put('@');
  for (const char c : id) {
    if (!is_plain(c)) return false;
    put(c);
  }
  key[size] = '\0';
  const auto digit = [](std::uint32_t value) { return static_cast<char>(value < 10 ? '0' + value : 'a' + value - 10); };
  key[0] = digit(hash >> 28U);
  key[1] = digit((hash >> 24U) & 15U);
  return true;
}

}  // namespace hardened::state
