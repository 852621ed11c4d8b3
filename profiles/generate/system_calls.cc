#include "generate/system_calls.h"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "controls/seccomp_arguments.h"
#include "controls/seccomp_generate.h"
#include "controls/seccomp_groups.h"
#include "kernel/seccomp_filter.h"
#include "policy/decode_profile.h"

namespace hardened::generate {
namespace {

constexpr std::string_view machines[] = {"x86_64", "aarch64", "i386", "armv7l", "ppc64le", "riscv64", "s390x"};

// execve starts the program itself; the others come from the kernel's return path, and a container without exit_group
// spins for ever (moby #40205).
constexpr std::string_view always[] = {"execve", "exit", "exit_group", "restart_syscall", "rt_sigreturn"};

bool is_filterable(const Evidence& evidence, const std::string& architecture) {
  const auto list = filterable(evidence.architecture);
  return std::find(list.begin(), list.end(), architecture) != list.end();
}

}  // namespace

std::string machine_of(const std::string& architecture) {
  for (const std::string_view machine : machines) {
    if (controls::filter_architectures(machine, false).front() == architecture) return std::string(machine);
  }
  return {};
}

std::vector<std::string> filterable(const std::string& architecture) {
  const std::string machine = machine_of(architecture);
  return machine.empty() ? std::vector{architecture} : controls::filter_architectures(machine, true);
}

std::string this_architecture() {
  struct utsname name {};
  if (::uname(&name) != 0) return {};
  const auto list = controls::filter_architectures(static_cast<const char*>(name.machine), false);
  return list.empty() ? std::string() : list.front();
}

std::string call_name(const std::string& name_or_number, const std::string& architecture) {
  int number = 0;
  const char* end = name_or_number.data() + name_or_number.size();
  const auto [rest, error] = std::from_chars(name_or_number.data(), end, number);
  if (error != std::errc() || rest != end) return name_or_number;
  return kernel::syscall_name(number, architecture).value_or(name_or_number);
}

bool needs_compat(const Evidence& evidence) {
  return std::any_of(evidence.calls.begin(), evidence.calls.end(), [&evidence](const auto& row) {
    return row.first != evidence.architecture && !row.second.empty() && is_filterable(evidence, row.first);
  });
}

std::set<std::string> needed_calls(const Evidence& evidence, const policy::Known& known) {
  std::set<std::string> needed(std::begin(always), std::end(always));
  if (needs_compat(evidence)) needed.insert("sigreturn");
  for (const auto& [architecture, calls] : evidence.calls) {
    if (!is_filterable(evidence, architecture)) continue;
    for (const auto& [name_or_number, seen] : calls) {
      std::string name = call_name(name_or_number, architecture);
      if (known.is_syscall(name)) needed.insert(std::move(name));
    }
  }
  // Every filter answers clone3 with ENOSYS, and the C library then takes clone.
  if (needed.contains("clone3")) needed.insert("clone");
  return needed;
}

std::vector<std::string> denied_without(const std::vector<std::string>& deny, const std::set<std::string>& calls,
                                        const policy::Known& known) {
  std::vector<std::string> result;
  for (const std::string& token : deny) {
    const auto members = controls::expand_group(token, true);
    const auto is_needed = [&calls](std::string_view call) { return calls.contains(std::string(call)); };
    if (std::none_of(members.begin(), members.end(), is_needed)) {
      result.push_back(token);
      continue;
    }
    for (const std::string_view call : members) {
      if (!is_needed(call) && known.is_syscall(call)) result.emplace_back(call);
    }
  }
  return result;
}

std::optional<std::set<std::string>> socket_families(const Evidence& evidence) {
  const auto& own = evidence.own_calls();
  const auto found = evidence.arguments.find({"socket", 0});
  if (needs_compat(evidence)) return std::nullopt;  // socketcall(2) hides them
  if (found == evidence.arguments.end())
    return own.contains("socket") ? std::nullopt : std::optional(std::set<std::string>());
  if (found->second.any) return std::nullopt;
  std::set<std::string> names;
  for (const std::uint64_t number : found->second.values) {
    if (const auto name = controls::socket_family_name(number); !name.empty()) names.emplace(name);
  }
  return names;
}

std::set<std::string> needed_capabilities(const Evidence& evidence, const policy::Known& known) {
  std::set<std::string> needed;
  for (const auto& [capability, counts] : evidence.granted) {
    const bool is_known =
        std::find(known.capabilities.begin(), known.capabilities.end(), capability) != known.capabilities.end();
    if (is_known && !policy::is_never_granted(capability)) needed.insert(capability);
  }
  return needed;
}

std::set<std::string> allowed_by(const Profile& profile, const std::string& architecture) {
  Facts facts;
  facts.architecture = machine_of(architecture);
  facts.kernel_major = 6;
  const controls::Capabilities held(profile.capabilities.begin(), profile.capabilities.end());
  const auto filter = controls::generate_filter(profile.seccomp, held, facts);
  std::set<std::string> named;
  for (const std::string& token : profile.seccomp.allow) {
    for (const std::string_view call : controls::expand_group(token, profile.seccomp.compat_architectures))
      named.emplace(call);
  }
  std::erase_if(named, [&](const std::string& call) {
    const controls::CallRule* rule = controls::find_rule(filter, call);
    return rule == nullptr || rule->allow.empty();
  });
  return named;
}

const std::set<std::string>& calls_of(const std::string& architecture) {
  constexpr int most = 1024;  // beyond x86-64's 471 and the 5xx of x32
  static std::map<std::string, std::set<std::string>> tables;
  auto [table, is_new] = tables.try_emplace(architecture);
  for (int number = 0; is_new && number < most; ++number) {
    if (auto name = kernel::syscall_name(number, architecture)) table->second.insert(std::move(*name));
  }
  return table->second;
}

}  // namespace hardened::generate
