// Ranges of host user and group ids: each container with a user namespace of its own has one that no other living
// container has. Kept under the state directory, root only:
//   ids/next   the slot tried first by the next create
//   ids/N      symbolic link: who holds slot N, "PID:START/KEY/FIRST": the process creating the
//              container, its grant, the first id
//   ids/N.1, … the same for containers that share it: they joined the one that claimed it, and may outlive it
// A slot is never given back; it is taken over when neither that process nor a container of that grant is there any
// more, whatever crashed. The slots are tried in turn, so hundreds of living containers cost a create nothing.
#pragma once

#include <string>

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

// Claims a range of `pool`. Errors: Code::policy when every range is in use; Code::io.
[[nodiscard]] Result<kernel::IdMapping> claim_ids(const IdClaim& claim, const host::IdPool& pool,
                                                  const std::string& state_root = paths::state);

// Enters the container of `claim` as one more holder of `ids`, a range claimed before that its peer has now. Nothing
// happens when `ids` are not of `pool`: then nobody can be given them. Errors: Code::io.
[[nodiscard]] Status share_ids(const IdClaim& claim, const kernel::IdMapping& ids, const host::IdPool& pool,
                               const std::string& state_root = paths::state);

}  // namespace hardened::state
