// The names a policy may use that other parts own: given by the caller, so that this folder depends on no control and
// on no kernel library. A name that is not here does not exist.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hardened::policy {

struct Known {
  std::span<const std::string> controls;                // ids
  std::span<const std::string> capabilities;            // "CAP_CHOWN", …
  std::span<const std::string> socket_families;         // "AF_INET", …
  std::span<const std::string> syscall_groups;          // as a profile writes them: "@io"
  bool (*is_syscall)(std::string_view name) = nullptr;  // of any architecture libseccomp knows
};

}  // namespace hardened::policy
