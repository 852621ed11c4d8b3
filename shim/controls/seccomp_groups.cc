#include "controls/seccomp_groups.h"

#include <algorithm>
#include <map>

namespace hardened::controls {
namespace {

using Needed = std::map<std::string_view, std::string_view>;

Needed needed_by_call() {
  Needed needed;
  for (const CapabilityCalls& row : capability_calls()) {
    for (const std::string_view name : row.calls) {
      for (const std::string_view call : expand_group(name, true)) needed[call] = row.capability;
    }
  }
  return needed;
}

}  // namespace

std::vector<std::string_view> expand_group(std::string_view name, bool compat) {
  const auto groups = syscall_groups();
  const auto found = std::ranges::lower_bound(groups, name, {}, &SyscallGroup::name);
  if (found == groups.end() || found->name != name) return {name};
  std::vector<std::string_view> names(found->calls.begin(), found->calls.end());
  if (compat) names.insert(names.end(), found->compat.begin(), found->compat.end());
  return names;
}

std::string_view capability_needed(std::string_view call) {
  static const Needed needed = needed_by_call();
  const auto found = needed.find(call);
  return found == needed.end() ? std::string_view() : found->second;
}

}  // namespace hardened::controls
