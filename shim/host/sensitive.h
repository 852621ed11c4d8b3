// Host paths that must not reach a container: one table, read by the probe (what they are on this host) and by the
// controls (what they mean).
#pragma once

#include <span>
#include <string_view>

namespace hardened::host {

struct SensitivePath {
  std::string_view path;  // absolute and clean; may itself be a symbolic link, and may not exist
  bool socket;            // the API socket of an engine, or another door to the host
  bool subtree;           // false: the directory itself and its parents only; what lies below is allowed
};

// Sources: CIS Docker 1.6.0 5.6 and 5.32, Pod Security Standards (hostPath), NIST SP 800-190 4.5.5.
[[nodiscard]] std::span<const SensitivePath> sensitive_paths();

}  // namespace hardened::host
