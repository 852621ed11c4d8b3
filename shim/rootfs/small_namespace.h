// A mount namespace with what a runtime needs of the host, and nothing of other containers. Where the engine lives
// there are two mounts or more for each living container. unshare(2) copies them all, once for us and once for the
// runtime, which moreover reads /proc/self/mountinfo over and over: beside 500 containers a create takes twice as long.
// So we enter a namespace that is empty (rootfs/empty_namespace.h), and attach clones of the mounts that are wanted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/mount_table.h"
#include "util/result.h"

namespace hardened::rootfs {

struct HostTree {
  // What the runtime, and we ourselves, will ask for by path: each has to be the same object in there as here, or be as
  // absent. Places that every runtime needs, as /proc, /dev and /usr, always are among these.
  std::vector<std::string> needed;
  // Below these the engines keep their containers (host::Facts::graph_roots).
  std::vector<std::string> graph_roots;
};

struct Wanted {
  std::string target;
  std::uint64_t id = 0;
};

// Those mounts of `table` that go along: those above before those below, else in the table's order, because runc mounts
// the hierarchies of cgroup v1 in that of mountinfo. They are file systems which the kernel itself serves, as procfs
// and tmpfs, and those on a block device of this host. No overlay, FUSE, cluster or network file system, no namespace,
// nothing below one of the graph roots, nothing unbindable, and nothing that lies in a mount left behind: to look at
// such a mount point may hang for ever where its server is gone. What holds one of `resolved` (clean absolute paths)
// goes along whatever it is.
[[nodiscard]] std::vector<Wanted> wanted_mounts(const host::MountTable& table,
                                                const std::vector<std::string>& graph_roots,
                                                const std::vector<std::string>& resolved);

// Moves this process, which has one thread, into such a namespace made from `table`, which is that of the present one.
// Each mount is a slave of the host's, so that an unmount there reaches it. `state`: see empty_namespace().
// False, and nothing has changed, where this cannot be done, where it would be no gain (more than 128 mounts to take
// along), or where something needed would be another object in there.
// Errors: Code::io when there is no way back; the process has to give up.
[[nodiscard]] Result<bool> enter_small_namespace(const std::string& state, const host::MountTable& table,
                                                 const HostTree& tree);

}  // namespace hardened::rootfs
