// The names of the Linux capabilities. The only includer of <cap-ng.h>.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace hardened::kernel {

// Is `name` a capability, spelled exactly as the runtime-spec (config.md, "capabilities") and capabilities(7) do:
// "CAP_NET_RAW"? Other spellings are not: runc ignores "cap_sys_admin" while crun grants it, so what we judged and what
// is run would differ.
[[nodiscard]] bool is_capability(std::string_view name);

// The capabilities the running kernel has, in the order of their numbers ("CAP_CHOWN" first): for "did you mean …?".
[[nodiscard]] std::span<const std::string> capability_names();

}  // namespace hardened::kernel
