// Is a running container what it was granted? A pure comparison; attest and hardenctl verify share it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "state/grant.h"
#include "verify/observe.h"

namespace hardened::verify {

// One way in which the kernel's view is weaker than the grant.
struct Weakness {
  std::string_view control;  // that promised it
  std::string message;       // "pids.max is none, granted were 256"
};

// The `host` namespaces are those of a process outside every container (own_namespaces()). In audit mode nothing was
// promised, and nothing is weaker.
[[nodiscard]] std::vector<Weakness> compare(const state::Grant& grant, const ContainerView& view,
                                            const std::map<std::string, std::uint64_t>& host);

// The controls whose promises compare() holds the kernel to on every host; the others are enforced at create.
[[nodiscard]] std::span<const std::string_view> read_from_the_kernel();

}  // namespace hardened::verify
