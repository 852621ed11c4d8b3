#include "kernel/seccomp_filter.h"

#include <fmt/format.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>

#include "util/fd.h"

namespace hardened::kernel {
namespace {

using Json = nlohmann::ordered_json;
using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

std::optional<std::uint32_t> action_of(const std::string& name, unsigned error) {
  static const std::map<std::string, std::uint32_t, std::less<>> actions = {
      {"SCMP_ACT_KILL", SCMP_ACT_KILL},
      {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
      {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
      {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
      {"SCMP_ACT_LOG", SCMP_ACT_LOG},
      {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
      {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY}};
  if (name == "SCMP_ACT_ERRNO") return SCMP_ACT_ERRNO(error);
  if (name == "SCMP_ACT_TRACE") return SCMP_ACT_TRACE(error);
  const auto found = actions.find(name);
  return found == actions.end() ? std::nullopt : std::optional(found->second);
}

Result<std::uint32_t> action_in(const Json& object, const char* member, const char* error_member) {
  const auto name = object.value(member, std::string());
  const std::optional<std::uint32_t> action = action_of(name, object.value(error_member, static_cast<unsigned>(EPERM)));
  if (!action) return fail(Code::syntax, fmt::format("cannot compile a seccomp filter: unknown action \"{}\"", name));
  return *action;
}

Result<scmp_arg_cmp> comparison_in(const Json& argument) {
  static const std::map<std::string, scmp_compare, std::less<>> operators = {
      {"SCMP_CMP_NE", SCMP_CMP_NE},
      {"SCMP_CMP_LT", SCMP_CMP_LT},
      {"SCMP_CMP_LE", SCMP_CMP_LE},
      {"SCMP_CMP_EQ", SCMP_CMP_EQ},
      {"SCMP_CMP_GE", SCMP_CMP_GE},
      {"SCMP_CMP_GT", SCMP_CMP_GT},
      {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
  const auto found = operators.find(argument.value("op", std::string()));
  const unsigned index = argument.value("index", 0U);
  if (found == operators.end() || index > 5)
    return fail(Code::syntax, "cannot compile a seccomp filter: a bad argument condition");
  return scmp_arg_cmp{index, found->second, argument.value("value", std::uint64_t{0}),
                      argument.value("valueTwo", std::uint64_t{0})};
}

Result<std::vector<std::vector<scmp_arg_cmp>>> comparisons_in(const Json& rule) {
  std::vector<scmp_arg_cmp> all;
  std::set<unsigned> indices;
  for (const Json& argument : rule.value("args", Json::array())) {
    TRY(comparison, comparison_in(argument));
    indices.insert(comparison.arg);
    all.push_back(comparison);
  }
  if (indices.size() == all.size()) return std::vector<std::vector<scmp_arg_cmp>>{all};
  std::vector<std::vector<scmp_arg_cmp>> each;
  for (const scmp_arg_cmp& comparison : all) each.push_back({comparison});
  return each;
}

Status add_rule(void* context, const Json& rule, std::uint32_t fallback) {
  TRY(action, action_in(rule, "action", "errnoRet"));
  if (action == fallback) return {};
  TRY(alternatives, comparisons_in(rule));
  for (const Json& name : rule.at("names")) {
    const int number = seccomp_syscall_resolve_name(name.get_ref<const std::string&>().c_str());
    if (number == __NR_SCMP_ERROR) continue;
    for (const std::vector<scmp_arg_cmp>& comparisons : alternatives) {
      const int error = seccomp_rule_add_array(context, action, number, static_cast<unsigned>(comparisons.size()),
                                               comparisons.data());
      if (error < 0)
        return fail_errno(fmt::format("cannot add the seccomp rule of {}", name.get<std::string>()), -error);
    }
  }
  return {};
}

Status choose_architectures(void* context, const Json& seccomp, std::string_view native) {
  std::vector<std::string> names = seccomp.value("architectures", std::vector<std::string>{});
  names.insert(names.begin(), std::string(native));
  for (const std::string& name : names) {
    // libseccomp takes 0, the token of a name it does not know, for its own architecture.
    const std::uint32_t token = audit_architecture(name);
    const int error = token == 0 ? -EINVAL : seccomp_arch_add(context, token);
    if (error < 0 && error != -EEXIST)
      return fail_errno(fmt::format("cannot add the seccomp architecture {}", name), -error);
  }
  const auto is_own = [](const std::string& name) { return audit_architecture(name) == seccomp_arch_native(); };
  if (std::none_of(names.begin(), names.end(), is_own)) seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
  return {};
}

Result<std::vector<sock_filter>> exported(void* context) {
  const Fd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return fail_errno("cannot make a file in memory", errno);
  if (const int error = seccomp_export_bpf(context, file.get()); error < 0)
    return fail_errno("cannot export the seccomp filter", -error);
  struct stat status {};
  if (fstat(file.get(), &status) != 0) return fail_errno("cannot read the seccomp filter", errno);
  const auto size = static_cast<std::size_t>(status.st_size);
  std::vector<sock_filter> program(size / sizeof(sock_filter));
  if (pread(file.get(), program.data(), size, 0) != status.st_size)
    return fail_errno("cannot read the seccomp filter", errno);
  return program;
}

}  // namespace

// libseccomp's tokens are those values.
std::uint32_t audit_architecture(std::string_view name) {
  constexpr std::string_view prefix = "SCMP_ARCH_";
  if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return seccomp_arch_resolve_name(lower.c_str());
}

bool is_syscall(const std::string& name) {
  return seccomp_syscall_resolve_name(name.c_str()) != __NR_SCMP_ERROR;
}

std::optional<int> syscall_number(const std::string& name, std::string_view architecture) {
  const int number = seccomp_syscall_resolve_name_arch(audit_architecture(architecture), name.c_str());
  return number < 0 ? std::nullopt : std::optional(number);
}

std::optional<std::string> syscall_name(int number, std::string_view architecture) {
  const std::unique_ptr<char, decltype(&std::free)> name(
      seccomp_syscall_resolve_num_arch(audit_architecture(architecture), number), &std::free);
  return name == nullptr ? std::nullopt : std::optional<std::string>(name.get());
}

Result<std::vector<sock_filter>> compile_seccomp(const Json& seccomp, std::string_view native) {
  try {
    TRY(fallback, action_in(seccomp, "defaultAction", "defaultErrnoRet"));
    const Context context(seccomp_init(fallback), &seccomp_release);
    if (context == nullptr) return fail(Code::internal, "cannot start a seccomp filter");
    TRY_DO(choose_architectures(context.get(), seccomp, native));
    for (const Json& rule : seccomp.value("syscalls", Json::array())) TRY_DO(add_rule(context.get(), rule, fallback));
    return exported(context.get());
  } catch (const Json::exception& error) {
    return fail(Code::syntax, fmt::format("cannot compile a seccomp filter: {}", error.what()));
  }
}

}  // namespace hardened::kernel
