// What whoever uses a trained profile should know.
#pragma once

#include <string>
#include <vector>

#include "generate/evidence.h"
#include "generate/writable.h"
#include "policy/known.h"

namespace hardened::generate {

// A sentence each: phases that were not seen. For a profile made of these runs alone.
[[nodiscard]] std::vector<std::string> phases_missing(const Evidence& evidence);

// A sentence each: runs that lost something or tell of calls only, calls, families and capabilities that no
// profile can give, capabilities that were refused, places that no tmpfs makes writable. What stems from a log is in
// ASCII with escapes.
[[nodiscard]] std::vector<std::string> warnings_of(const Evidence& evidence, const WritablePlan& plan,
                                                   const policy::Known& known);

}  // namespace hardened::generate
