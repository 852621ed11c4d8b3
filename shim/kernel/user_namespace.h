// User namespaces (user_namespaces(7)) to map mounts and processes by.
#pragma once

#include <cstdint>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::kernel {

// The ids 0 to size-1 of a container are the host's from `uid` and `gid` on. Without a size: no mapping.
struct IdMapping {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t size = 0;
  bool operator==(const IdMapping&) const = default;
};

// A user namespace with that mapping and no process in it, for mount_setattr(2) with MOUNT_ATTR_IDMAP (Linux 5.12).
// Not for two threads at once. From then on the process is not dumpable (prctl(2)), until it executes a program.
// Errors: Code::policy where the host has none to give (user.max_user_namespaces is 0, Linux is built without), or the
// caller may not map those ids; Code::io.
[[nodiscard]] Result<Fd> make_user_namespace(const IdMapping& mapping);

}  // namespace hardened::kernel
