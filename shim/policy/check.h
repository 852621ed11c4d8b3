// Everything that is wrong with the files, where load() stops at what one container meets first.
#pragma once

#include <string>
#include <vector>

#include "policy/known.h"
#include "policy/load.h"
#include "util/result.h"

namespace hardened::policy {

struct CheckReport {
  bool policy_exists = false;
  std::vector<std::string> profiles;  // that can be used, sorted
  std::vector<Error> problems;        // each as load() words it; at most one a profile, and one of the policy's syntax
};

// Reads the policy and every profile, on the day `today` (ISO date, UTC).
[[nodiscard]] CheckReport check(const std::string& today, const Known& known, const Locations& locations = {});

}  // namespace hardened::policy
