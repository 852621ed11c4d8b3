// The system calls by meaning, from profiles/seccomp/groups.json as built in.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace hardened::controls {

struct SyscallGroup {
  std::string why;                  // it is allowed, or what it threatens
  std::vector<std::string> calls;   // known to 64-bit ABIs
  std::vector<std::string> compat;  // of 32-bit ABIs and other architectures only
};

struct SyscallGroups {
  std::map<std::string, SyscallGroup, std::less<>> groups;  // by name: "@mount"
  // Calls that make sense with a capability only, and only then are allowed: call → "CAP_…".
  std::map<std::string, std::string, std::less<>> capabilities;

  // The calls of the group `name`, with those of 32-bit ABIs when `compat`; `name` itself when it is no group.
  [[nodiscard]] std::vector<std::string_view> expand(std::string_view name, bool compat) const;
};

// Errors (Code::syntax): `text` is not of that form.
[[nodiscard]] Result<SyscallGroups> parse_syscall_groups(std::string_view text);

// The groups built in; read once.
[[nodiscard]] const SyscallGroups& syscall_groups();

}  // namespace hardened::controls
