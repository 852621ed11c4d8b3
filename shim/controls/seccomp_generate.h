// The filter a profile stands for on this machine.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controls/seccomp_filter_model.h"
#include "host/facts.h"
#include "policy/policy.h"

namespace hardened::controls {

using Capabilities = std::set<std::string, std::less<>>;

// The filter of `profile` for a process that holds no more than `capabilities`. In order, the first that applies:
// clone3 is unknown; what the runtime needs is allowed; what the profile denies, what needs a capability that is not
// held, and ptrace before Linux 4.8 (where a tracer could rewrite a call after the filter had seen it) is denied; what
// the profile allows is allowed, with the arguments of argument_rule(); the rest is unknown.
[[nodiscard]] SyscallFilter generate_filter(const policy::Seccomp& profile, const Capabilities& capabilities,
                                            const Facts& facts);

// The number of the errno `name` ("EPERM"); `fallback` when it is none that a filter answers with.
[[nodiscard]] int errno_number(std::string_view name, int fallback);

// The architectures the filter is for, as the OCI spec names them: this machine's ("x86_64" of uname -m), and when
// `compat` its 32-bit ABIs. None for a machine unknown to us: the runtime then takes its own.
[[nodiscard]] std::vector<std::string> filter_architectures(std::string_view machine, bool compat);

}  // namespace hardened::controls
