// Which user namespace a container gets.
#pragma once

#include <optional>
#include <string>

#include "host/probe.h"
#include "policy/policy.h"
#include "rootfs/prepare.h"
#include "state/process.h"
#include "util/result.h"

namespace hardened::runtime {

// Where a container's host ids come from.
enum class Ids {
  claimed,   // those that no living container has, which are then its own
  supposed,  // the first there are, to see what a create would do: nobody gets them
};

// Prepares the user namespace that `policy` wants for the container of `spec`, and notes in `probe.facts` what it is or
// why there is none: ids of its own, or those of the container of ours whose network, ipc or pid namespace it joins.
// Nothing where the profile wants none, where the policy only audits, and where the engine brought one of its own.
// Errors: every id range is in use (Code::policy); Code::io. A host that has no user namespaces or no idmapped mounts
// to give is no error: `probe.facts.no_user_namespace` says so, and the profile decides.
[[nodiscard]] Result<std::optional<rootfs::OwnUsers>> own_users(const Spec& spec, const Policy& policy,
                                                                const std::string& runtime_root, Ids ids,
                                                                host::Probe& probe);

// Gives the standard streams that are pipes to the container's root, as a runtime would that knew of the user
// namespace: "echo > /dev/stderr" fails otherwise (runc 1.1 leaves them the host's root).
void give_streams(const kernel::IdMapping& ids);

}  // namespace hardened::runtime
