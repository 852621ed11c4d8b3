// The system calls that evidence and profiles speak of.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "generate/evidence.h"
#include "policy/known.h"
#include "policy/policy.h"

namespace hardened::generate {

// The architectures a filter on a machine of `architecture` ("SCMP_ARCH_X86_64") can be for: itself first, then its
// 32-bit ABIs. Itself alone where the machine is unknown to us.
[[nodiscard]] std::vector<std::string> filterable(const std::string& architecture);

// uname -m of a machine of `architecture`; empty where it is unknown to us.
[[nodiscard]] std::string machine_of(const std::string& architecture);

// A recorder writes a call without a name as a decimal number; this kernel library may know it.
[[nodiscard]] std::string call_name(const std::string& name_or_number, const std::string& architecture);

// Does a program of another architecture of this machine need the filter of that one?
[[nodiscard]] bool needs_compat(const Evidence& evidence);

// The calls of all runs that a profile can name here, and those that no program runs without: it must end, and its
// signal handlers must return.
[[nodiscard]] std::set<std::string> needed_calls(const Evidence& evidence, const policy::Known& known);

// `deny` without `calls`: a group that holds one of them is replaced by the rest of its members, as far as they have
// names here. "deny" is stronger than "allow", so what was trained must not stand there.
[[nodiscard]] std::vector<std::string> denied_without(const std::vector<std::string>& deny,
                                                      const std::set<std::string>& calls, const policy::Known& known);

// The families that socket(2) was called with, by name; nothing where they cannot be told.
[[nodiscard]] std::optional<std::set<std::string>> socket_families(const Evidence& evidence);

// The capabilities that were used and that a profile may name here.
[[nodiscard]] std::set<std::string> needed_capabilities(const Evidence& evidence, const policy::Known& known);

// The calls that `profile` itself lets through on a machine of `architecture`, with some arguments at least; what the
// runtime needs besides is not among them.
[[nodiscard]] std::set<std::string> allowed_by(const Profile& profile, const std::string& architecture);

// All calls that libseccomp knows for `architecture`.
[[nodiscard]] const std::set<std::string>& calls_of(const std::string& architecture);

// The architecture this program was built for, as libseccomp names it.
[[nodiscard]] std::string this_architecture();

}  // namespace hardened::generate
