// The recorder as an OCI hook (runtime-spec, config.md, "POSIX-platform Hooks"), for containers that another runtime
// makes: of Podman and CRI-O, whose hooks.d (oci-hooks(5)) names it.
#pragma once

#include <string>

#include "record/steps.h"
#include "util/result.h"

namespace hardened::record {

// `state` is what the runtime writes to a hook (runtime-spec, runtime.md, "State"). Its status tells the hook:
// createRuntime begins the recording, poststop ends it. The calling process is the runtime's child. Errors:
// Code::syntax for what is no state; at createRuntime as begin()'s, and then the container must not start.
[[nodiscard]] Status hook(const std::string& state, const Places& places);

}  // namespace hardened::record
