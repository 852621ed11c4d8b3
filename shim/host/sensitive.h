// Host paths that must not reach a container: one table, read by the probe (what they are on this host) and by the
// controls (what they mean).
#pragma once

#include <span>
#include <string_view>

namespace hardened::host {

struct SensitivePath {
  std::string_view path;
  bool socket;   // the API socket of an engine, or another door to the host
  bool subtree;  // false: the directory itself and its parents only; what lies below is allowed
};

[[nodiscard]] std::span<const SensitivePath> sensitive_paths();

}  // namespace hardened::host
