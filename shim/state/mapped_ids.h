// The host ids that living processes have through a user namespace, whoever gave them.
#pragma once

#include <vector>

#include "host/id_pool.h"
#include "state/process.h"
#include "util/result.h"

namespace hardened::state {

struct MappedIds {
  Process process;
  std::vector<host::IdInterval> users;  // user_namespaces(7): the host's side of /proc/PID/uid_map
  std::vector<host::IdInterval> groups;
};

// Those of every process whose mapping is not our own. Where the first process of a pid namespace has the same ones,
// none of its others: they do not outlive it (pid_namespaces(7)). Reads a file of every process. Errors: Code::io; some
// may be missing.
[[nodiscard]] Result<std::vector<MappedIds>> mapped_ids();

}  // namespace hardened::state
