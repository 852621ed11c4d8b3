// The system calls by meaning: profiles/seccomp/groups.json as it was when the program was built.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace hardened::controls {

struct SyscallGroup {
  std::string_view name;                     // "@mount"
  std::string_view why;                      // it is allowed, or what it threatens
  std::span<const std::string_view> calls;   // known to 64-bit ABIs
  std::span<const std::string_view> compat;  // of 32-bit ABIs and other architectures only
};

// Calls that make sense with a capability only, and only then are allowed.
struct CapabilityCalls {
  std::string_view capability;              // "CAP_…"
  std::span<const std::string_view> calls;  // and groups
};

// All groups, sorted by name.
[[nodiscard]] std::span<const SyscallGroup> syscall_groups();
// A row for each capability that some calls need.
[[nodiscard]] std::span<const CapabilityCalls> capability_calls();

// The calls of the group `name`, with those of 32-bit ABIs when `compat`; `name` itself when it is no group.
[[nodiscard]] std::vector<std::string_view> expand_group(std::string_view name, bool compat);

// The capability `call` makes sense with only; empty when it needs none.
[[nodiscard]] std::string_view capability_needed(std::string_view call);

}  // namespace hardened::controls
