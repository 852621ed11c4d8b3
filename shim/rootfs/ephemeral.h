// A root file system that forgets: the image below, a size-capped tmpfs above.
#pragma once

#include <cstdint>
#include <string>

#include "host/facts.h"
#include "util/result.h"

namespace hardened::rootfs {

struct Ephemeral {
  std::string lower;        // root.path as the probe resolved it
  host::Identity identity;  // what it was then
  std::uint64_t size = 0;   // bytes the container may write
  std::string label;        // SELinux label of all its files (linux.mountLabel); empty: none
  std::string target;       // existing directory to mount it on
};

// Mounts it in this mount namespace, which must be private. `workshop` is a directory descriptor on a file system of
// our own, where the tmpfs is put. Errors: Code::io, also when `lower` is not any more what was judged.
[[nodiscard]] Status mount_ephemeral(const Ephemeral& wanted, int workshop);

}  // namespace hardened::rootfs
