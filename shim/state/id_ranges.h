// Ranges of host user and group ids: each container with a user namespace of its own has one that no other living
// container has. Kept under the state directory, root only:
//   ids/next   "SLOT/UID/GID/SLOTS": the slot tried first by the next create, and the pool it is of
//   ids/N      symbolic link: who holds the host ids from N on, "PID:START/KEY/FIRST/ROOT/ID": the process creating the
//              container, its grant, the first user id, where the runtime keeps it; where the groups' ids are others, a
//              second link of their own
//   ids/N.1, … the same for containers that share it: they joined the one that claimed it, and may outlive it
// A slot is never given back; it is taken over when neither that process nor a container of that grant is there any
// more, whatever crashed. The slots are tried in turn, so hundreds of living containers cost a create nothing.
// Where `next` is of no pool or another one (the first create after a boot, somebody emptied the directory, other
// subordinate ids), the kernel is asked which ids living processes have, and "PID:START" alone holds those.
#pragma once

#include <string>
#include <vector>

#include "host/id_pool.h"
#include "kernel/user_namespace.h"
#include "state/process.h"
#include "util/paths.h"
#include "util/result.h"

namespace hardened::state {

struct IdClaim {
  std::string runtime_root;  // of the container the range is for
  std::string id;
  std::uint32_t size = 65536;  // ids; a multiple of host::IdPool::slot
  Process creator;
};

// Claims a range of `pool`. Errors: Code::policy when every range is in use; Code::io; also where the living cannot be
// told.
[[nodiscard]] Result<kernel::IdMapping> claim_ids(const IdClaim& claim, const host::IdPool& pool,
                                                  const std::string& state_root = paths::state);

// Enters the container of `claim` as one more holder of `ids`, a range claimed before that its peer has now. Errors:
// Code::io.
[[nodiscard]] Status share_ids(const IdClaim& claim, const kernel::IdMapping& ids,
                               const std::string& state_root = paths::state);

// The mapping that a container's engine chose for it.
struct GivenIds {
  std::vector<host::IdInterval> users;
  std::vector<host::IdInterval> groups;
  bool joined = false;  // it is that of a namespace which is there already, as of a pod
};

// Enters the container of `claim` as a holder of what is of `pool` in `given`. Errors: Code::policy when somebody else
// has it, unless it is joined; Code::io.
[[nodiscard]] Status enter_given_ids(const IdClaim& claim, const GivenIds& given, const host::IdPool& pool,
                                     const std::string& state_root = paths::state);

}  // namespace hardened::state
