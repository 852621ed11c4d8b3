// Where the mounts of a spec land inside of the container.
#pragma once

#include <string>
#include <vector>

#include "host/probe.h"
#include "oci/json.h"
#include "util/result.h"

namespace hardened::host {

// Fills in `probe.facts.destinations` for the mounts of `spec` and for `more` absolute paths. An image may hold
// "/d -> /dev": a volume at /d then lies where the runtime takes its own devices from, which makes its writes those of
// the image's author (the attack of CVE-2019-19921 and CVE-2025-31133, by a link instead of a race).
// Errors: Code::io; where one lies cannot be told.
[[nodiscard]] Status locate_destinations(const Json& spec, const std::vector<std::string>& more, Probe& probe);

}  // namespace hardened::host
