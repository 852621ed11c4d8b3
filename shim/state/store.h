// The grants on disk, under /run/hardened, root only:
//   grants/ab/abcdef…/grant.json   what was granted
//   grants/ab/abcdef…/runtime      symbolic link to the runtime that made the container
//   grants/ab/abcdef…/behind       the same where a program of ours comes first, and "runtime" names that
//   grants/ab/abcdef…/container    symbolic link to the runtime's own directory of it: dangling once it is deleted
//   grants/ab/abcdef…/creator      symbolic link that holds "PID:START": who is creating it
//   grants/ab/abcdef…/ids          symbolic link that holds the first of its host ids, where it has ids of its own
//   grants/ab/abcdef…/root         where its root file system is mounted, in its own mount namespace only
//   runtime                        symbolic link to the runtime of the last create
// `delete` is handed on without a look, so a grant outlives its container until a later create sweeps its shard.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "state/grant.h"
#include "state/key.h"
#include "util/paths.h"
#include "util/result.h"

namespace hardened::state {

// Keeps `grant`, whole or not at all, and removes the grants of containers that are gone from the same shard. What is
// missing of the directories is made again.
// Errors: Code::usage when a container of that root and id exists or is being created by another process: its grant
// must not be replaced by a call that the runtime will refuse; Code::policy when the state directory is not root's own;
// Code::io.
[[nodiscard]] Status store(const Grant& grant, const std::string& state_root = paths::state);

// What the container was granted; nothing when it was not made by us. A grant that cannot be read or is another
// container's is an error.
[[nodiscard]] Result<std::optional<Grant>> load(const std::string& runtime_root, const std::string& id,
                                                const std::string& state_root = paths::state);

// Replaces the grant by what `change` makes of it, which may not be its root or its id; nothing happens where there is
// none. Whoever reads it meanwhile has the old or the new one, and changes follow one another. Errors: those of load().
[[nodiscard]] Status amend(const std::string& runtime_root, const std::string& id,
                           const std::function<void(Grant&)>& change, const std::string& state_root = paths::state);

// The grants of the containers that their runtimes still know, by id. Errors: Code::policy when the state directory is
// not root's own; a grant that cannot be read is one.
[[nodiscard]] Result<std::vector<Grant>> list(const std::string& state_root = paths::state);

// Forgets the grant of a create that failed after store(); nothing happens when there is none.
[[nodiscard]] Status remove(const std::string& runtime_root, const std::string& id,
                            const std::string& state_root = paths::state);

// Notes `runtime` (absolute path) as the runtime of the last create, for calls that name no container.
[[nodiscard]] Status remember_runtime(const std::string& runtime, const std::string& state_root = paths::state);

}  // namespace hardened::state
