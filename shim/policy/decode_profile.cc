#include "policy/decode_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "policy/load.h"
#include "util/text.h"

namespace hardened::policy {
namespace {

// Each of these reaches the host or undoes another control: loading kernel code, raw memory and disks, other processes,
// any file by handle, the clock, mandatory access control, the network's configuration, or the limits themselves.
constexpr std::string_view never_granted[] = {
    "CAP_SYS_ADMIN",     "CAP_SYS_MODULE",     "CAP_SYS_RAWIO", "CAP_SYS_PTRACE",   "CAP_DAC_READ_SEARCH",
    "CAP_BPF",           "CAP_PERFMON",        "CAP_SYS_BOOT",  "CAP_SYS_TIME",     "CAP_SYSLOG",
    "CAP_MAC_ADMIN",     "CAP_MAC_OVERRIDE",   "CAP_NET_ADMIN", "CAP_SYS_RESOURCE", "CAP_CHECKPOINT_RESTORE",
    "CAP_AUDIT_CONTROL", "CAP_LINUX_IMMUTABLE"};

bool is_waived(std::string_view capability, const Context& context) {
  for (const Waiver& waiver : context.waivers) {
    if (waiver.control != "capabilities") continue;
    for (const std::string& pattern : waiver.allow) {
      if (glob_match(pattern, capability)) return true;
    }
  }
  return false;
}

Status capability(const Node& node, std::string& into, const Context& context) {
  if (context.known == nullptr) return text(node, into, context);
  TRY_DO(known_name(node, into, "capability", context.known->capabilities));
  if (!is_never_granted(into)) return {};
  if (is_waived(into, context)) return {};
  return node.cannot_use("it hands over the host, which no profile may do",
                         "a waiver for control \"capabilities\" in the policy can, with a reason");
}

Status socket_family(const Node& node, std::string& into, const Context& context) {
  if (context.known == nullptr) return text(node, into, context);
  return known_name(node, into, "socket family", context.known->socket_families);
}

Status syscall(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  if (context.known == nullptr) return {};
  if (into.front() == '@') return known_name(node, into, "group of system calls", context.known->syscall_groups);
  if (context.known->is_syscall != nullptr && context.known->is_syscall(into)) return {};
  return node.cannot_use("no such system call");
}

Status error_name(const Node& node, std::string& into, const Context&) {
  constexpr int last = 133;  // EHWPOISON, the highest in Linux
  std::vector<std::string_view> names;
  for (int number = 1; number <= last; ++number) {
    if (const char* name = ::strerrorname_np(number)) names.emplace_back(name);
  }
  return known_name(node, into, "error", names);
}

Status sysctl(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::strchr("._/-", c) != nullptr;
  };
  if (into.find('\0') == std::string::npos && std::all_of(into.begin(), into.end(), allowed)) return {};
  return node.cannot_use("the name of a sysctl is needed");
}

Status name_of_namespace(const Node& node, std::string& into, const Context&) {
  constexpr std::string_view names[] = {"network", "pid", "ipc", "uts", "cgroup"};
  return known_name(node, into, {}, names);
}

template <auto decode>
Status array_of(const Node& node, std::vector<std::string>& into, const Context& context) {
  return decode_array(node, into, static_cast<Status (*)(const Node&, std::string&, const Context&)>(decode), context);
}

Status rootfs(const Node& node, Rootfs& into, const Context& context) {
  constexpr Choice<Rootfs> choices[] = {
      {"read-only", Rootfs::read_only}, {"ephemeral", Rootfs::ephemeral}, {"persistent", Rootfs::persistent}};
  return one_of(node, into, choices, context);
}

Status root_user(const Node& node, RootUser& into, const Context& context) {
  constexpr Choice<RootUser> choices[] = {
      {"allow", RootUser::allow}, {"refuse", RootUser::refuse}, {"run_as", RootUser::run_as}};
  return one_of(node, into, choices, context);
}

template <typename T, auto value>
Status limit(const Node& node, Limit<T>& into, const Context& context) {
  static constexpr Member<Limit<T>> members[] = {{"default", policy::into<&Limit<T>::fallback, value>},
                                                 {"max", policy::into<&Limit<T>::max, value>}};
  TRY_DO(decode_members(node, into, members, context));
  if (into.fallback <= into.max) return {};
  return node.cannot_use(fmt::format("\"default\" ({}) is above \"max\" ({})", into.fallback, into.max));
}
constexpr auto size_limit = limit<std::uint64_t, size>;
constexpr auto count_limit = limit<std::uint64_t, count>;
constexpr auto core_limit = limit<double, cores>;

Status limits(const Node& node, Limits& limits, const Context& context) {
  static constexpr Member<Limits> members[] = {
      {"memory", into<&Limits::memory, size_limit>}, {"pids", into<&Limits::pids, count_limit>},
      {"cpu", into<&Limits::cpu, core_limit>},       {"shm", into<&Limits::shm, size_limit>},
      {"tmpfs", into<&Limits::tmpfs, size_limit>},   {"nofile", into<&Limits::nofile, count_limit>},
      {"nproc", into<&Limits::nproc, count_limit>}};
  return decode_members(node, limits, members, context);
}

Status seccomp(const Node& node, Seccomp& seccomp, const Context& context) {
  static constexpr Member<Seccomp> members[] = {
      {"allow", into<&Seccomp::allow, array_of<syscall>>},
      {"deny", into<&Seccomp::deny, array_of<syscall>>},
      {"errno", into<&Seccomp::denied, error_name>},
      {"unknown", into<&Seccomp::unknown, error_name>},
      {"socket_families", into<&Seccomp::socket_families, array_of<socket_family>>},
      {"compat_architectures", into<&Seccomp::compat_architectures, boolean>}};
  return decode_members(node, seccomp, members, context);
}

Status writable_directory(const Node& node, Writable& writable, const Context& context) {
  static constexpr Member<Writable> members[] = {{"path", into<&Writable::path, path>},
                                                 {"size", into<&Writable::size, size>}};
  TRY_DO(decode_members(node, writable, members, context));
  if (writable.path.empty()) return node.cannot("use this directory without \"path\"");
  return {};
}

Status writable(const Node& node, std::vector<Writable>& into, const Context& context) {
  return decode_array(node, into, writable_directory, context);
}

Status namespace_mode(const Node& node, bool& into, const Context& context) {
  constexpr Choice<bool> choices[] = {{"private", true}, {"host", false}};
  return one_of(node, into, choices, context);
}

Status unavailable(const Node& node, bool& into, const Context& context) {
  constexpr Choice<bool> choices[] = {{"host", true}, {"refuse", false}};
  return one_of(node, into, choices, context);
}

Status unmappable(const Node& node, bool& into, const Context& context) {
  constexpr Choice<bool> choices[] = {{"plain", true}, {"refuse", false}};
  return one_of(node, into, choices, context);
}

Status id_count(const Node& node, std::uint32_t& into, const Context& context) {
  constexpr std::uint64_t unit = 65536;
  constexpr std::uint64_t most = unit * 1024;
  std::uint64_t ids = 0;
  TRY_DO(count(node, ids, context));
  if (ids % unit != 0 || ids > most)
    return node.cannot_use(fmt::format("a multiple of {} up to {} is needed", unit, most));
  into = static_cast<std::uint32_t>(ids);
  return {};
}

Status user_namespace(const Node& node, UserNamespace& wanted, const Context& context) {
  static constexpr Member<UserNamespace> members[] = {
      {"mode", into<&UserNamespace::own, namespace_mode>},
      {"size", into<&UserNamespace::size, id_count>},
      {"unavailable", into<&UserNamespace::may_lack, unavailable>},
      {"unmappable_mounts", into<&UserNamespace::plain_mounts, unmappable>}};
  return decode_members(node, wanted, members, context);
}

Status recorder_tier(const Node& node, std::string& into, const Context&) {
  constexpr std::string_view names[] = {"bpf", "audit"};
  return known_name(node, into, {}, names);
}

Status recorder(const Node& node, Recorder& recorder, const Context& context) {
  static constexpr Member<Recorder> members[] = {{"tier", into<&Recorder::tier, recorder_tier>},
                                                 {"buffer", into<&Recorder::buffer, size>}};
  return decode_members(node, recorder, members, context);
}

Status user(const Node& node, Profile& profile, const Context& context) {
  static constexpr Member<Profile> members[] = {{"root", into<&Profile::root_user, root_user>},
                                                {"uid", into<&Profile::run_as_uid, identity>},
                                                {"gid", into<&Profile::run_as_gid, identity>}};
  return decode_members(node, profile, members, context);
}

// Whether it exists is known when it is read (extend.h).
Status name(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  if (!is_profile_name(into))
    return node.cannot_use("only a-z, 0-9, '.', '_' and '-' are allowed, a letter or digit first");
  return {};
}

// What it names is looked at when the chain is followed (extend.h).
Status extends(const Node& node, Profile&, const Context& context) {
  std::string base;
  return name(node, base, context);
}

constexpr Member<Profile> profile_members[] = {{"$schema", ignored_text},
                                               {"name", into<&Profile::name, name>},
                                               {"description", ignored_text},
                                               {"extends", extends},
                                               {"capabilities", into<&Profile::capabilities, array_of<capability>>},
                                               {"seccomp", into<&Profile::seccomp, seccomp>},
                                               {"rootfs", into<&Profile::rootfs, rootfs>},
                                               {"rootfs_size", into<&Profile::rootfs_size, size>},
                                               {"writable", into<&Profile::writable, writable>},
                                               {"limits", into<&Profile::limits, limits>},
                                               {"user_namespace", into<&Profile::user_namespace, user_namespace>},
                                               {"user", user},
                                               {"groups", into<&Profile::groups, texts>},
                                               {"devices", into<&Profile::devices, array_of<path>>},
                                               {"sysctls", into<&Profile::sysctls, array_of<sysctl>>},
                                               {"namespaces", into<&Profile::namespaces, array_of<name_of_namespace>>},
                                               {"hooks", into<&Profile::hooks, array_of<path_glob>>},
                                               {"annotations", into<&Profile::annotations, texts>},
                                               {"training", into<&Profile::training, boolean>},
                                               {"recorder", into<&Profile::recorder, recorder>},
                                               {"attest", into<&Profile::attest, boolean>}};

void merge_members(const Json& from, Json& onto) {
  for (const auto& [name, value] : from.items()) {
    Json& place = onto[name];
    if (value.is_object() && place.is_object()) {
      merge_members(value, place);
    } else {
      place = value;
    }
  }
}

}  // namespace

bool is_never_granted(std::string_view capability) {
  return std::find(std::begin(never_granted), std::end(never_granted), capability) != std::end(never_granted);
}

Status decode_onto(const Document& document, Profile& profile, const Context& context) {
  const Node root(document);
  TRY_DO(decode_members(root, profile, profile_members, context));
  if (!document.value.contains("name")) return root.cannot("use a profile without \"name\"");
  return {};
}

void merge_onto(const Json& document, Json& merged) {
  if (!merged.is_object()) merged = Json::object();
  merge_members(document, merged);
  merged.erase("$schema");
  merged.erase("extends");
}

std::string extended_by(const Json& document) {
  const auto found = document.find("extends");
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

Result<Profile> decode_profile(const Json& document) {
  Profile profile;
  TRY_DO(decode_onto(Document{"the stored profile", "", document}, profile, {}));
  profile.document = document;
  return profile;
}

}  // namespace hardened::policy
