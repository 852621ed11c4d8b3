#include "controls/seccomp_groups.h"

#include "oci/json.h"
#include "policy/embedded.h"

namespace hardened::controls {
namespace {

std::vector<std::string> names_in(const Json& object, const char* member) {
  const auto found = object.find(member);
  return found == object.end() ? std::vector<std::string>{} : found->get<std::vector<std::string>>();
}

SyscallGroups decode(const Json& document) {
  SyscallGroups result;
  for (const auto& [name, group] : document.at("groups").items())
    result.groups[name] = {group.at("why").get<std::string>(), names_in(group, "calls"), names_in(group, "compat")};
  for (const Json& row : document.at("capabilities")) {
    const auto capability = row.at("capability").get<std::string>();
    for (const std::string& name : names_in(row, "calls")) {
      for (const std::string_view call : result.expand(name, true)) result.capabilities[std::string(call)] = capability;
    }
  }
  return result;
}

}  // namespace

std::vector<std::string_view> SyscallGroups::expand(std::string_view name, bool compat) const {
  const auto found = groups.find(name);
  if (found == groups.end()) return {name};
  std::vector<std::string_view> names(found->second.calls.begin(), found->second.calls.end());
  if (compat) names.insert(names.end(), found->second.compat.begin(), found->second.compat.end());
  return names;
}

Result<SyscallGroups> parse_syscall_groups(std::string_view text) {
  try {
    return decode(Json::parse(text));
  } catch (const Json::exception& error) {
    return fail(Code::syntax, std::string("cannot read seccomp/groups.json: ") + error.what());
  }
}

const SyscallGroups& syscall_groups() {
  // Part of the program, and tested to be readable: without it every call would be unknown, and denied.
  static const SyscallGroups groups =
      parse_syscall_groups(embedded::find("seccomp/groups.json")).value_or(SyscallGroups{});
  return groups;
}

}  // namespace hardened::controls
