// What in a profile opens more of the host than a container should have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/policy.h"

namespace hardened::generate {

enum class Severity { warning, error };

struct Remark {
  std::string_view id;
  Severity severity = Severity::warning;
  std::string what;  // the entry of the profile
  std::string_view why;
  std::string_view reference;
};

// The remarks on `profile`, in the order of the table of rules.
[[nodiscard]] std::vector<Remark> lint(const Profile& profile);

// The ids of all rules.
[[nodiscard]] std::vector<std::string_view> lint_rules();

}  // namespace hardened::generate
