#include "controls/seccomp_generate.h"

#include <algorithm>
#include <cerrno>

#include "controls/seccomp_arguments.h"
#include "controls/seccomp_groups.h"
#include "controls/seccomp_runtime_needs.h"

namespace hardened::controls {
namespace {

using Names = std::vector<std::string_view>;

// Sorted.
Names expand(const std::vector<std::string>& tokens, bool compat) {
  Names names;
  for (const std::string& token : tokens) {
    for (const std::string_view name : expand_group(token, compat)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool contains(const Names& names, std::string_view name) {
  return std::binary_search(names.begin(), names.end(), name);
}

bool lacks_capability(std::string_view call, const Capabilities& capabilities) {
  const std::string_view needed = capability_needed(call);
  return !needed.empty() && !capabilities.contains(needed);
}

bool tracer_escapes_filter(std::string_view call, const Facts& facts) {
  return call == "ptrace" && (facts.kernel_major < 4 || (facts.kernel_major == 4 && facts.kernel_minor < 8));
}

struct Errno {
  std::string_view name;
  int number;
};
constexpr Errno errnos[] = {{"EPERM", EPERM},   {"EACCES", EACCES},         {"ENOSYS", ENOSYS},
                            {"EINVAL", EINVAL}, {"EOPNOTSUPP", EOPNOTSUPP}, {"ENOTSUP", ENOTSUP}};

struct Machine {
  std::string_view uname;
  std::vector<std::string> native;
  std::vector<std::string> compat;
};

const std::vector<Machine>& machines() {
  static const std::vector<Machine> table = {
      {"x86_64", {"SCMP_ARCH_X86_64"}, {"SCMP_ARCH_X86"}},
      {"aarch64", {"SCMP_ARCH_AARCH64"}, {"SCMP_ARCH_ARM"}},
      {"i386", {"SCMP_ARCH_X86"}, {}},
      {"i686", {"SCMP_ARCH_X86"}, {}},
      {"armv7l", {"SCMP_ARCH_ARM"}, {}},
      {"ppc64le", {"SCMP_ARCH_PPC64LE"}, {}},
      {"riscv64", {"SCMP_ARCH_RISCV64"}, {}},
      {"s390x", {"SCMP_ARCH_S390X"}, {"SCMP_ARCH_S390"}},
  };
  return table;
}

bool is_32_bit(std::string_view machine) {
  return machine == "i386" || machine == "i686" || machine.starts_with("armv");
}

}  // namespace

int errno_number(std::string_view name, int fallback) {
  const auto* found =
      std::find_if(std::begin(errnos), std::end(errnos), [name](const Errno& row) { return row.name == name; });
  return found == std::end(errnos) ? fallback : found->number;
}

std::vector<std::string> filter_architectures(std::string_view machine, bool compat) {
  for (const Machine& row : machines()) {
    if (row.uname != machine) continue;
    std::vector<std::string> result = row.native;
    if (compat) result.insert(result.end(), row.compat.begin(), row.compat.end());
    return result;
  }
  return {};
}

SyscallFilter generate_filter(const policy::Seccomp& profile, const Capabilities& capabilities, const Facts& facts) {
  const bool compat = profile.compat_architectures || is_32_bit(facts.architecture);
  const Names allowed = expand(profile.allow, compat);
  const Names denied = expand(profile.deny, compat);
  const Answer refusal{Action::error, errno_number(profile.denied, EPERM)};
  const auto refused = [&](std::string_view call) {
    return contains(denied, call) || lacks_capability(call, capabilities) || tracer_escapes_filter(call, facts);
  };
  const bool namespaces = contains(allowed, "unshare") && !refused("unshare");
  // The packages that a build's step unpacks have such programs. It has no volume but the image's own anonymous ones,
  // and those and the image lie where only root gets.
  const bool set_user_id = facts.workload.building;
  const ArgumentLimits limits{profile.socket_families, capabilities,  namespaces,
                              facts.architecture,      refusal.error, set_user_id};

  SyscallFilter filter;
  filter.fallback = {Action::error, errno_number(profile.unknown, ENOSYS)};
  const SharedRule denial = settled({{}, {{{}, refusal}}});
  const std::vector<std::string_view> needs = runtime_needs(facts.runtime);
  std::vector<NamedRule> calls;
  calls.reserve(denied.size() + allowed.size() + needs.size() + 1);
  for (const std::string_view call : denied) calls.push_back({std::string(call), denial});
  for (const std::string_view call : allowed)
    calls.push_back({std::string(call), refused(call) ? denial : argument_rule(call, limits)});
  for (const std::string_view call : needs) calls.push_back({std::string(call), argument_rule(call, limits)});
  calls.push_back({"clone3", argument_rule("clone3", limits)});
  filter.calls = sorted(std::move(calls));
  return filter;
}

}  // namespace hardened::controls
