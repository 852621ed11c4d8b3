// Looking at a container until what is seen can be relied on.
#pragma once

#include <chrono>
#include <optional>
#include <vector>

#include "verify/compare.h"

namespace hardened::verify {

struct Looks {
  int most;
  std::chrono::milliseconds between;
};

// How the running container of `grant` is weaker than granted; nothing when no process of it runs. A process that a
// runtime is just bringing in has its rights for some milliseconds more: only the controls that found something at
// every look count (not what they found: a process can change its name and number at will), and one look without any
// is the last. Errors: Code::io.
[[nodiscard]] Result<std::optional<std::vector<Weakness>>> look(const state::Grant& grant, const Looks& looks);

}  // namespace hardened::verify
