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

struct Wanted {
  std::string target;
  std::uint64_t id = 0;
};

// Those mounts of `table` that go along: those that hold one of `needed` (ids of mounts), and all that hang below a
// mount of `furnished` but automounts, which a look would set off. None of them is covered by another one. Those above
// come before those below, else they are in the table's order, because runc mounts the hierarchies of cgroup v1 in that
// of mountinfo. Errors: Code::io when not all of the mounts can be told.
[[nodiscard]] Result<std::vector<Wanted>> wanted_mounts(const host::MountTable& table,
                                                        const std::vector<std::uint64_t>& needed,
                                                        const std::vector<std::uint64_t>& furnished);

// Moves this process, which has one thread, into such a namespace made from `table`, which is that of the present one.
// `needed` is what the runtime, and we ourselves, will ask for by path: each has to be the same object in there as
// here, or be as absent. Places that every runtime needs, as /proc, /dev and /usr, always are among these. Each mount
// is a slave of the host's, so that an unmount there reaches it. `state`: see empty_namespace(). False, and nothing has
// changed, where this cannot be done, where it would be no gain (more than 128 mounts to take along), or where
// something needed would be another object in there. Errors: Code::io when there is no way back; the process has to
// give up.
[[nodiscard]] Result<bool> enter_small_namespace(const std::string& state, const host::MountTable& table,
                                                 std::vector<std::string> needed);

}  // namespace hardened::rootfs
