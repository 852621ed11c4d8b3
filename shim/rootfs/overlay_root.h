// The root file system of a container as an overlay of our own: the image's layers below, above them a tmpfs that
// forgets, or the engine's own writable layer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernel/user_namespace.h"
#include "util/result.h"

namespace hardened::rootfs {

struct OverlayRoot {
  std::vector<std::string> lower;     // top first: paths in this mount namespace without ':' and ','
  std::vector<std::string> features;  // overlayfs options the layers need: "metacopy=on"
  std::uint64_t size = 0;             // bytes that may be written to the tmpfs
  // A directory on one mount that holds the engine's upper layer as `upper_name`; empty: a tmpfs takes the writes.
  std::string engine_layer;
  std::string upper_name;
  kernel::IdMapping ids;  // of the container; no size where it has no user namespace
  std::string label;      // SELinux label of all its files (linux.mountLabel); empty: none
  std::string target;     // existing directory to mount it on
};

// Mounts it in this mount namespace, which must be private. `workshop` is a directory descriptor on a file system of
// our own, where the tmpfs is put. Errors: Code::io.
[[nodiscard]] Status mount_overlay_root(const OverlayRoot& wanted, int workshop);

}  // namespace hardened::rootfs
