// A container held against the OWASP Docker Top 10 and section 5 of the CIS Docker Benchmark, by its grant and by what
// verify found. Their own tool reads what the engine was asked for; this is what the kernel does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "state/grant.h"
#include "verify/compare.h"

namespace hardened::verify {

// From good to bad.
enum class Mark {
  pass,     // every control of the item is in force
  absent,   // this host cannot: no such security module
  allowed,  // the policy lets the container have it: a waiver, a level, audit mode, the host's users
  weaker,   // the kernel enforces less than was granted
  outside,  // no opinion: decided by the engine or the host, where no runtime sees it
};

[[nodiscard]] std::string_view mark_name(Mark mark);

struct Score {
  std::string_view document;  // as in controls::Reference
  std::string_view item;      // "D04", "5.26"
  std::string_view title;     // in a few words of our own
  Mark mark;
  std::vector<std::string_view> controls;  // that answer it
  std::string why;                         // one clause; for `weaker` what was found
};

// One score an item, in the documents' order. `weaknesses` is what compare() found in the running container.
[[nodiscard]] std::vector<Score> scorecard(const state::Grant& grant, const std::vector<Weakness>& weaknesses);

}  // namespace hardened::verify
