#include "runtime/known_names.h"

#include <string>
#include <string_view>
#include <vector>

#include "controls/registry.h"
#include "controls/seccomp_arguments.h"
#include "controls/seccomp_groups.h"
#include "kernel/capability_names.h"
#include "kernel/seccomp_filter.h"

namespace hardened::runtime {
namespace {

std::vector<std::string> control_ids() {
  std::vector<std::string> ids;
  for (const controls::Control* control : controls::registry()) ids.emplace_back(control->id);
  return ids;
}

std::vector<std::string> groups() {
  std::vector<std::string> names;
  for (const controls::SyscallGroup& group : controls::syscall_groups()) names.emplace_back(group.name);
  return names;
}

}  // namespace

const policy::Known& known_names() {
  static const auto controls = control_ids();
  static const auto group_list = groups();
  static const policy::Known known{
      .controls = controls,
      .capabilities = kernel::capability_names(),
      .socket_families = controls::socket_family_names(),
      .syscall_groups = group_list,
      .is_syscall = [](std::string_view name) { return kernel::is_syscall(std::string(name)); }};
  return known;
}

}  // namespace hardened::runtime
