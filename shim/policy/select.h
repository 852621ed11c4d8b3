// Which profile and which waivers one container gets. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "oci/workload.h"
#include "policy/decode_policy.h"

namespace hardened::policy {

// The profile for `workload` when reached by the program name `program`: for a step of a build "build_profile"; else
// the first row of "select" that matches; without one, that of the program (hardened-compat: compat, hardened-train:
// train), else "default_profile". An annotation that names a profile its row does not allow is an error
// (Code::refused): whoever called the engine asked for it. A label like that only fails to match: it may come from the
// image's author, who must not be able to keep a container from running either.
[[nodiscard]] Result<std::string> select_profile(const PolicyFile& rules, const Document& document,
                                                 const Workload& workload, std::string_view program,
                                                 std::span<const std::string> profiles);

// Has the waiver `index` not ended before `today` (ISO date)? Errors: Code::policy.
[[nodiscard]] Status is_current(const PolicyFile& rules, const Document& document, std::size_t index,
                                const std::string& today);

// The waivers for `workload`. One that ended before `today` (ISO date) is an error for the containers it names and
// nothing to the others: a forgotten exception must come to light, but not stop the whole machine.
[[nodiscard]] Result<std::vector<Waiver>> waivers_for(const PolicyFile& rules, const Document& document,
                                                      const Workload& workload, const std::string& today);

}  // namespace hardened::policy
