// The oracle: what must never be true of a hardened spec, whatever the engine's spec and the policy were. Written from
// the runtime-spec and the design's rules, without the controls' code or tables, so that it cannot share their
// mistakes.
#pragma once

#include <string>
#include <vector>

#include "host/facts.h"
#include "oci/json.h"
#include "policy/policy.h"

namespace hardened::property {

// Sentences about what is wrong with `after`, which came of `before` under `policy` (every control at enforce or clamp,
// no waiver). Empty: nothing is.
[[nodiscard]] std::vector<std::string> violations(const Json& before, const Json& after, const Policy& policy,
                                                  const Facts& facts);

}  // namespace hardened::property
