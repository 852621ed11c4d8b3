// What is looked up by path on the host from the moment a create has a mount namespace of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/facts.h"
#include "oci/spec.h"
#include "runtime/invocation.h"
#include "state/grant.h"

namespace hardened::runtime {

// The paths that the runtime is named on its command line and in `spec` (config.json of the runtime-spec), where it
// keeps its state, and what we write ourselves, the audit log above all. Relative ones are relative to the working
// directory. Nothing where nobody can tell what will be read: the spec has a hook other than dockerd's own network
// hook, which only asks for dockerd's socket beside the runtime's state, or a mount that is neither a bind nor of a
// type every container has, or the runtime is neither runc nor crun.
[[nodiscard]] std::optional<std::vector<std::string>> needed_paths(const Invocation& invocation, const Spec& spec,
                                                                   host::RuntimeKind runtime,
                                                                   const state::Grant& grant);

}  // namespace hardened::runtime
