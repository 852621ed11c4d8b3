#include "generate/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "controls/seccomp_groups.h"
#include "policy/decode_profile.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

using Found = std::vector<std::string>;

// --- calls ---

struct CallRule {
  std::string_view id;
  Severity severity;
  std::span<const std::string_view> calls;  // and groups
  std::string_view why;
  std::string_view reference;
};

constexpr std::string_view tracing[] = {"@trace"};
constexpr std::string_view bpf[] = {"@bpf"};
constexpr std::string_view mounts[] = {"@mount"};
constexpr std::string_view keyrings[] = {"@keyring"};
constexpr std::string_view userfaultfd[] = {"@userfaultfd"};
constexpr std::string_view perf[] = {"@perf"};
constexpr std::string_view io_uring[] = {"@io-uring"};
constexpr std::string_view namespaces[] = {"@namespace"};
constexpr std::string_view modules[] = {"@module", "@reboot"};
constexpr std::string_view handles[] = {"open_by_handle_at"};
constexpr std::string_view hardware[] = {"@raw-io", "@swap", "@clock-set"};
constexpr std::string_view descriptors[] = {"modify_ldt"};
constexpr std::string_view opening[] = {"openat2"};

constexpr CallRule call_rules[] = {
    {"call-trace", Severity::error, tracing, "reads and changes other processes", "CVE-2019-13272"},
    {"call-bpf", Severity::error, bpf, "runs programs in the kernel; its verifier has been fooled again and again",
     "CVE-2021-3490"},
    {"call-mount", Severity::error, mounts, "reaches the host's file systems and uncovers masked paths",
     "CVE-2022-0185"},
    {"call-keyring", Severity::error, keyrings, "kernel keyrings are not per container", "CVE-2016-0728"},
    {"call-userfaultfd", Severity::error, userfaultfd, "stops the kernel in mid-copy: the usual help of an exploit",
     "userfaultfd(2)"},
    {"call-perf", Severity::error, perf, "sees other tenants, and has had many flaws", "CVE-2013-2094"},
    {"call-io-uring", Severity::error, io_uring, "submits calls that no seccomp filter sees", "CVE-2022-29582"},
    {"call-namespace", Severity::error, namespaces, "a new user namespace hands out every capability inside it",
     "CVE-2022-0185"},
    {"call-module", Severity::error, modules, "replaces code of the kernel, or all of it", "CIS Docker 1.6.0 5.22"},
    {"call-handle", Severity::error, handles, "opens files by handle, outside of the mount namespace", "CVE-2015-1420"},
    {"call-hardware", Severity::error, hardware, "acts on the host's ports, swap space or clock",
     "CIS Docker 1.6.0 5.22"},
    {"call-descriptors", Severity::warning, descriptors, "descriptor tables have had many flaws, and few need them",
     "CVE-2017-17053"},
    {"call-openat2", Severity::warning, opening,
     "its mode lies behind a pointer, so set-user-ID files cannot be filtered", "openat2(2)"}};

std::set<std::string_view> expanded(std::span<const std::string_view> tokens) {
  std::set<std::string_view> calls;
  for (const std::string_view token : tokens) {
    for (const std::string_view call : controls::expand_group(token, true)) calls.insert(call);
  }
  return calls;
}

// What the profile lists, whether or not a capability still locks it: the lock may be opened by a waiver.
std::set<std::string_view> listed(const policy::Seccomp& seccomp) {
  const std::vector<std::string_view> allow(seccomp.allow.begin(), seccomp.allow.end());
  const std::vector<std::string_view> deny(seccomp.deny.begin(), seccomp.deny.end());
  std::set<std::string_view> calls = expanded(allow);
  for (const std::string_view call : expanded(deny)) calls.erase(call);
  return calls;
}

void add_calls(const Profile& profile, std::vector<Remark>& remarks) {
  const auto calls = listed(profile.seccomp);
  for (const CallRule& rule : call_rules) {
    for (const std::string_view call : expanded(rule.calls)) {
      if (calls.contains(call))
        remarks.push_back({rule.id, rule.severity, fmt::format("seccomp allows {}", call), rule.why, rule.reference});
    }
  }
}

// --- everything else ---

Found prefixed(std::string_view prefix, const std::vector<std::string>& values) {
  Found found;
  for (const std::string& value : values) found.push_back(fmt::format("{} {}", prefix, in_quotes(value)));
  return found;
}

Found host_capabilities(const Profile& profile) {
  Found found;
  for (const std::string& capability : profile.capabilities) {
    if (policy::is_never_granted(capability)) found.push_back(capability);
  }
  return found;
}

Found strong_capabilities(const Profile& profile) {
  constexpr std::string_view strong[] = {"CAP_NET_RAW",   "CAP_MKNOD",    "CAP_SETFCAP",  "CAP_SYS_CHROOT",
                                         "CAP_IPC_OWNER", "CAP_IPC_LOCK", "CAP_SYS_NICE", "CAP_SETPCAP"};
  Found found;
  for (const std::string& capability : profile.capabilities) {
    if (std::find(std::begin(strong), std::end(strong), capability) != std::end(strong)) found.push_back(capability);
  }
  return found;
}

Found odd_families(const Profile& profile) {
  constexpr std::string_view ordinary[] = {"AF_UNIX", "AF_LOCAL", "AF_INET", "AF_INET6", "AF_NETLINK"};
  Found found;
  for (const std::string& family : profile.seccomp.socket_families) {
    if (std::find(std::begin(ordinary), std::end(ordinary), family) == std::end(ordinary)) found.push_back(family);
  }
  return found;
}

Found compat(const Profile& profile) {
  return profile.seccomp.compat_architectures ? Found{"compat_architectures"} : Found{};
}

Found shared_namespaces(const Profile& profile) {
  return prefixed("namespace", profile.namespaces);
}

Found shared_users(const Profile& profile) {
  return profile.user_namespace.own ? Found{} : Found{"user_namespace"};
}

Found plain_mounts(const Profile& profile) {
  return profile.user_namespace.plain_mounts ? Found{"unmappable_mounts"} : Found{};
}

Found persistent_root(const Profile& profile) {
  return profile.rootfs == policy::Rootfs::persistent ? Found{"rootfs persistent"} : Found{};
}

Found without_limit(const Profile& profile) {
  constexpr std::uint64_t most_memory = std::uint64_t{1} << 40;  // more than nearly every machine has
  constexpr std::uint64_t most_pids = std::uint64_t{1} << 22;    // PID_MAX_LIMIT
  const policy::Limits& limits = profile.limits;
  Found found;
  if (limits.memory.max == 0 || limits.memory.max >= most_memory) found.emplace_back("limits memory");
  if (limits.pids.max == 0 || limits.pids.max >= most_pids) found.emplace_back("limits pids");
  if (limits.tmpfs.max == 0 || limits.tmpfs.max >= most_memory) found.emplace_back("limits tmpfs");
  return found;
}

Found covered_programs(const Profile& profile) {
  constexpr std::string_view programs[] = {"/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc"};
  Found found;
  for (const policy::Writable& writable : profile.writable) {
    const auto covers = [&writable](std::string_view program) { return is_within(writable.path, program); };
    if (std::any_of(std::begin(programs), std::end(programs), covers))
      found.push_back("writable " + in_quotes(writable.path));
  }
  return found;
}

Found devices(const Profile& profile) {
  return prefixed("device", profile.devices);
}

Found hooks(const Profile& profile) {
  return prefixed("hook", profile.hooks);
}

Found groups(const Profile& profile) {
  return prefixed("group", profile.groups);
}

struct Rule {
  std::string_view id;
  Severity severity;
  Found (*find)(const Profile&);
  std::string_view why;
  std::string_view reference;
};
constexpr Rule rules[] = {
    {"host-capability", Severity::error, host_capabilities, "hands over the host: no profile may, only a waiver",
     "CIS Docker 1.6.0 5.4"},
    {"strong-capability", Severity::warning, strong_capabilities, "opens much of the kernel; is it needed?",
     "OWASP Docker Cheat Sheet RULE #3"},
    {"socket-family", Severity::error, odd_families, "a kernel protocol few use, and few look after", "CVE-2020-14386"},
    {"compat-architectures", Severity::warning, compat, "the 32-bit calls are a second kernel interface",
     "CVE-2021-22555"},
    {"host-namespace", Severity::error, shared_namespaces, "may be the host's",
     "Pod Security Standards Baseline, Host Namespaces"},
    {"host-users", Severity::error, shared_users, "root in the container is root on the host", "CIS Docker 1.6.0 2.9"},
    {"plain-mounts", Severity::warning, plain_mounts, "volumes of file systems that cannot be idmapped are let in",
     "OWASP Docker Cheat Sheet RULE #2"},
    {"persistent-root", Severity::error, persistent_root, "what an intruder writes stays, and is run again",
     "CIS Docker 1.6.0 5.13"},
    {"no-limit", Severity::error, without_limit, "is no limit at all: one container can use up the machine",
     "CIS Docker 1.6.0 5.11"},
    {"covered-programs", Severity::warning, covered_programs, "an empty tmpfs hides what the image has there",
     "OWASP Docker Cheat Sheet RULE #8"},
    {"host-device", Severity::warning, devices, "a device of the host may be given to the container",
     "CIS Docker 1.6.0 5.18"},
    {"host-hook", Severity::error, hooks, "runs as root on the host at every start", "OCI runtime-spec config.md"},
    {"host-group", Severity::warning, groups, "a group of the host may be carried along", "OWASP Docker Top 10 D01"}};

}  // namespace

std::vector<Remark> lint(const Profile& profile) {
  std::vector<Remark> remarks;
  add_calls(profile, remarks);
  for (const Rule& rule : rules) {
    for (std::string& what : rule.find(profile))
      remarks.push_back({rule.id, rule.severity, std::move(what), rule.why, rule.reference});
  }
  return remarks;
}

std::vector<std::string_view> lint_rules() {
  std::vector<std::string_view> ids;
  for (const CallRule& rule : call_rules) ids.push_back(rule.id);
  for (const Rule& rule : rules) ids.push_back(rule.id);
  return ids;
}

}  // namespace hardened::generate
