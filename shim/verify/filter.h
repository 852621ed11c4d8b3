// Does the seccomp filter that is in force allow more than the profile does?
#pragma once

#include <string>
#include <vector>

#include "host/facts.h"
#include "kernel/seccomp_program.h"
#include "state/grant.h"

namespace hardened::verify {

// The calls that pass `loaded`, oldest first, and not the filter that the profile in `grant` stands for on the machine
// of `facts`: "ptrace", or "openat (SCMP_ARCH_X86)" of an ABI beside the machine's own. Calls are tried on both, with
// the arguments at which either of them decides. The oldest program is the runtime's, which a container has no say in:
// where it alone would do, nothing else is tried. Otherwise all are, for an engine that is confined itself has an older
// one; one that cannot be run here is passed over, since another one only ever allows less. Whatever runtime loaded the
// filter, what any runtime needs is not counted. Empty as well for a machine unknown to us. Errors: a profile that
// cannot be read or compiled; programs that take too long to try.
[[nodiscard]] Result<std::vector<std::string>> allowed_beyond(const state::Grant& grant,
                                                              const std::vector<kernel::SeccompProgram>& loaded,
                                                              const Facts& facts);

}  // namespace hardened::verify
