// System call names and BPF programs: the only includer of <seccomp.h>.
#pragma once

#include <linux/filter.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace hardened::kernel {

// Does this libseccomp know the call on any architecture? A runtime skips the names its own does not.
[[nodiscard]] bool is_syscall(const std::string& name);

// The AUDIT_ARCH_* value with which the kernel tells a filter that a call is of `architecture`; 0 for an unknown one.
[[nodiscard]] std::uint32_t audit_architecture(std::string_view architecture);

// The number of the call on `architecture` ("SCMP_ARCH_X86_64"); nothing where it does not exist there.
[[nodiscard]] std::optional<int> syscall_number(const std::string& name, std::string_view architecture);

// The name of call `number` on `architecture`; nothing where there is none.
[[nodiscard]] std::optional<std::string> syscall_name(int number, std::string_view architecture);

// The program runc and crun would load for `seccomp`, the spec's linux.seccomp, on a machine whose own architecture is
// `native`: rules that equal the default and unknown names are skipped, and a rule with two conditions on one argument
// becomes one rule of each. runc puts a few instructions before it that answer calls younger than any named one with
// ENOSYS. Errors (Code::syntax): what the runtimes would refuse as well.
[[nodiscard]] Result<std::vector<sock_filter>> compile_seccomp(const nlohmann::ordered_json& seccomp,
                                                               std::string_view native);

}  // namespace hardened::kernel
