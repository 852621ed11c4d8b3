// Is a running container what it was granted? A pure comparison; attest and hardenctl verify share it.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/facts.h"
#include "state/grant.h"
#include "verify/observe.h"

namespace hardened::verify {

// One way in which the kernel's view is weaker than the grant.
struct Weakness {
  std::string_view control;  // that promised it
  std::string message;       // "pids.max is none, granted were 256"
};

// What there is outside of every container.
struct Outside {
  std::map<std::string, std::uint64_t> namespaces;  // own_namespaces()
  Facts facts;                                      // the machine's (host::read_machine())
};

// In audit mode nothing was promised, and nothing is weaker.
[[nodiscard]] std::vector<Weakness> compare(const state::Grant& grant, const ContainerView& view,
                                            const Outside& outside);

// The controls whose promises compare() holds the kernel to on every host; the others are enforced at create.
[[nodiscard]] std::span<const std::string_view> read_from_the_kernel();

}  // namespace hardened::verify
