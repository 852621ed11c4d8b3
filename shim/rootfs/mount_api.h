// The kernel's mount API (open_tree, move_mount, fsopen, fsconfig, fsmount: Linux 5.2; glibc 2.36) with owned
// descriptors: it mounts from and onto descriptors, so no path is resolved a second time and no option string is
// parsed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::rootfs {

// A detached copy of the mount tree at `source`, a descriptor of any kind (O_PATH too); with `recursive` also of the
// mounts below it. Only in the mount namespace the descriptor was opened in: the kernel answers EINVAL elsewhere.
// `name` is used in errors only, here and below. Errors: Code::policy where this host lacks the call, or has it for
// others only; Code::io.
[[nodiscard]] Result<Fd> clone_tree(int source, bool recursive, const std::string& name);

// A new, detached file system of `type` with `options`; `attributes` as MOUNT_ATTR_*.
using MountOptions = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] Result<Fd> new_mount(const std::string& type, const MountOptions& options, unsigned attributes,
                                   const std::string& name);

// Shows the detached `tree` with the ids of `user_namespace` (MOUNT_ATTR_IDMAP, Linux 5.12): what its file system
// stores as 0 appears as the first host id of the namespace, and the other way round. False where the file system has
// no idmapped mounts, and nothing has changed. Errors: as above.
[[nodiscard]] Result<bool> map_ids(int tree, int user_namespace, bool recursive, const std::string& name);

// Sets MOUNT_ATTR_* flags on the mount `tree` (any descriptor of its root). Errors: Code::io.
[[nodiscard]] Status restrict_mount(int tree, unsigned attributes, bool recursive, const std::string& name);

// Sets the propagation (MS_SLAVE, MS_UNBINDABLE …: mount_namespaces(7)) of the mount `tree`; with `recursive` also of
// those below it. Errors: Code::io.
[[nodiscard]] Status set_propagation(int tree, std::uint64_t propagation, bool recursive, const std::string& name);

// Attaches the detached `mount` at `target`, relative to `directory`; a symbolic link there is not followed.
[[nodiscard]] Status attach(int mount, int directory, const std::string& target);

}  // namespace hardened::rootfs
