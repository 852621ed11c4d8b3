#include "oracle.h"

#include <filesystem>

#include "oracle_case.h"

namespace hardened::property {
namespace {

void check_capabilities(const Case& c) {
  const Strings granted(c.policy.profile.capabilities.begin(), c.policy.profile.capabilities.end());
  for (const char* set : {"bounding", "effective", "permitted", "inheritable", "ambient"}) {
    const std::string pointer = std::string("/process/capabilities/") + set;
    const Strings has = strings(at(c.after, pointer));
    c.expect(subset(has, granted), std::string(set) + " holds a capability the profile does not grant");
    c.expect(subset(has, strings(at(c.before, pointer))),
             std::string(set) + " holds a capability the engine did not give");
  }
  // runc and crun read an absent object as "leave the capabilities as they are".
  c.expect(at(c.after, "/process/capabilities").is_object(), "capabilities are absent");
}

void check_user(const Case& c) {
  const auto gids = [](const Json& list) {
    std::set<long long> result;
    if (list.is_array())
      for (const Json& gid : list) result.insert(number(gid));
    return result;
  };
  const long long uid = number(at(c.after, "/process/user/uid"));
  const auto had = gids(at(c.before, "/process/user/additionalGids"));
  for (const long long gid : gids(at(c.after, "/process/user/additionalGids"))) {
    c.expect(had.contains(gid), "a group was added");
    c.expect(gid >= 0 && gid < 0xffffffffLL, "a group that means another");
    for (const auto& [name, host] : c.facts.groups)
      c.expect(gid != host || gid == number(at(c.after, "/process/user/gid")), "a group of the host: " + name);
  }
  c.expect(number(at(c.before, "/process/user/uid")) == 0 || uid != 0, "the user became root");
  c.expect(uid >= 0 && uid < 0xffffffffLL, "a user id that setresuid(2) takes for \"as it was\"");
}

// Runtimes set one limit after the other: every one has to be within the maximum.
void check_rlimits(const Case& c) {
  const auto unlimited = ~std::uint64_t{0};
  for (const Json& limit : at(c.after, "/process/rlimits")) {
    const std::string type = text(limit, "type");
    for (const char* bound : {"/hard", "/soft"}) {
      const Json& value = at(limit, bound);
      const auto most = value.is_number_integer() ? value.get<std::uint64_t>() : 0;
      if (type == "RLIMIT_NOFILE")
        c.expect(most <= c.policy.profile.limits.nofile.max, "RLIMIT_NOFILE is above the maximum");
      if (type == "RLIMIT_NPROC")
        c.expect(most <= c.policy.profile.limits.nproc.max, "RLIMIT_NPROC is above the maximum");
      if (type == "RLIMIT_CORE") c.expect(most == 0, "core dumps are allowed");
      if (type == "RLIMIT_RTPRIO") c.expect(most == 0, "real-time priorities are allowed");
      if (type == "RLIMIT_MEMLOCK" || type == "RLIMIT_MSGQUEUE") c.expect(most != unlimited, type + " is unlimited");
    }
  }
}

void check_process(const Case& c) {
  check_capabilities(c);
  check_user(c);
  check_rlimits(c);
  c.expect(at(c.after, "/process/noNewPrivileges") == true, "no-new-privileges is not set");
  c.expect(number(at(c.after, "/process/oomScoreAdj")) >= 0, "the oom score is negative");
  c.expect(number(at(c.after, "/process/oomScoreAdj")) >= number(at(c.before, "/process/oomScoreAdj")),
           "the oom score was lowered");
  const Json& cwd = at(c.after, "/process/cwd");
  c.expect(!cwd.is_string() || !within(plain_path(cwd.get<std::string>()), "/proc"),
           "the working directory is below /proc");
  c.expect(!cwd.is_string() || starts_with(cwd.get<std::string>(), "/"), "the working directory is relative");
  const std::string scheduler = text(at(c.after, "/process/scheduler"), "policy");
  c.expect(scheduler != "SCHED_FIFO" && scheduler != "SCHED_RR" && scheduler != "SCHED_DEADLINE",
           "real-time scheduling");
  c.expect(number(at(c.after, "/process/scheduler/nice")) >= 0, "a negative nice value");
  c.expect(at(c.after, "/process/ioPriority/class") != "IOPRIO_CLASS_RT", "real-time I/O");
}

// A namespace that is absent, or joined by a path that is the host's, is the host's.
void check_namespaces(const Case& c) {
  for (const char* type : {"pid", "ipc", "network", "uts", "mount", "cgroup"}) {
    const auto& allowed = c.policy.profile.namespaces;
    if (std::find(allowed.begin(), allowed.end(), type) != allowed.end()) continue;
    int count = 0;
    for (const Json& ns : at(c.after, "/linux/namespaces")) {
      if (text(ns, "type") != type) continue;
      ++count;
      const std::string path = text(ns, "path");
      if (path.empty()) continue;  // runtimes make a new one then
      const auto fact = c.facts.namespaces.find(path);
      c.expect(fact != c.facts.namespaces.end() && !fact->second.host, std::string(type) + " is the host's namespace");
    }
    c.expect(count == 1, std::string("there is no namespace of its own: ") + type);
  }
}

void check_root(const Case& c) {
  const bool read_only = at(c.after, "/root/readonly") == true;
  c.expect(read_only || at(c.before, "/root/readonly") != true, "a read-only root became writable");
  c.expect(read_only || c.policy.profile.rootfs != policy::Rootfs::read_only, "the root is writable");
  c.expect(at(c.after, "/root/path") == at(c.before, "/root/path"), "another root");
  for (const char* list : {"/linux/maskedPaths", "/linux/readonlyPaths"})
    c.expect(subset(strings(at(c.before, list)), strings(at(c.after, list))),
             std::string("paths were taken from ") + list);
  const Strings masked = strings(at(c.after, "/linux/maskedPaths"));
  for (const char* path : {"/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/acpi", "/proc/timer_list"})
    c.expect(masked.contains(path), std::string(path) + " is not masked");
  const Strings fixed = strings(at(c.after, "/linux/readonlyPaths"));
  for (const char* path : {"/proc/sys", "/proc/sysrq-trigger", "/proc/bus", "/proc/fs", "/proc/irq"})
    c.expect(fixed.contains(path), std::string(path) + " is writable");
}

void check_names(const Case& c) {
  const Json& sysctls = at(c.after, "/linux/sysctl");
  for (const auto& [key, value] : sysctls.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '/', '.');
    c.expect(at(c.before, "/linux/sysctl").contains(key), "a sysctl was added: " + key);
    for (const char* bad :
         {"kernel.shmmax", "net.ipv4.ip_forward", "net.ipv4.conf.all.route_localnet", "kernel.core_pattern"})
      c.expect(name != bad, "a sysctl is set: " + key);
  }
  for (const auto& [key, value] : at(c.after, "/annotations").items()) {
    c.expect(at(c.before, "/annotations").contains(key), "an annotation was added: " + key);
    for (const char* bad : {"run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "org.criu.config", "run.oci.handler",
                            "org.systemd.property.ExecStartPre", "module.wasm.image/variant", "krun.vm"})
      c.expect(key != bad, "an annotation reaches the runtime: " + key);
  }
  for (const char* member : {"netDevices", "timeOffsets", "memoryPolicy", "intelRdt"}) {
    const Json& value = at(c.after, std::string("/linux/") + member);
    c.expect(value.is_null() || value.empty(), std::string("linux has ") + member);
  }
  c.expect(at(c.after, "/linux/personality/flags").empty(), "the personality has flags");
  const Json& spread = at(c.after, "/linux/rootfsPropagation");
  for (const char* bad : {"shared", "rshared", "unbindable", "Shared"})
    c.expect(spread != bad, "the root is mounted " + std::string(bad));
}

// A hook is a program that runs as root on the host.
void check_hooks(const Case& c) {
  for (const auto& [stage, hooks] : at(c.after, "/hooks").items()) {
    for (const Json& hook : hooks) {
      const std::string path = text(hook, "path");
      const auto fact = c.facts.paths.find(path);
      c.expect(fact != c.facts.paths.end() && fact->second.root_controlled, "a hook anybody may have written: " + path);
      if (fact != c.facts.paths.end())
        c.expect(fact->second.resolved == "/usr/sbin/dockerd", "a hook of the user's: " + path);
    }
  }
}

void check_filter(const Case& c) {
  const Json& filter = at(c.after, "/linux/seccomp");
  c.expect(filter.is_object(), "there is no seccomp filter");
  if (!filter.is_object()) return;
  const Strings denials{"SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD",
                        "SCMP_ACT_TRAP"};
  c.expect(denials.contains(text(filter, "defaultAction")), "the seccomp filter does not deny by default");
  c.expect(!filter.contains("listenerPath"), "someone else answers system calls");
  c.expect(filter.contains("architectures") && filter.at("architectures").size() == 1,
           "more than one architecture is allowed");
  for (const Json& rule : filter.value("syscalls", Json::array())) {
    if (text(rule, "action") != "SCMP_ACT_ALLOW") continue;
    const Strings names = strings(at(rule, "/names"));
    for (const char* bad :
         {"mount", "init_module", "bpf", "ptrace", "kexec_load", "keyctl", "unshare", "setns", "reboot",
          "io_uring_setup", "userfaultfd", "perf_event_open", "clone3", "open_by_handle_at", "move_mount"})
      c.expect(!names.contains(bad), std::string("the system call is allowed: ") + bad);
  }
  const Json& profile = at(c.after, "/process/apparmorProfile");
  if (c.facts.apparmor && !c.facts.apparmor_profiles.empty())
    c.expect(profile.is_string() && profile != "unconfined" && profile != "", "AppArmor does not confine it");
}

// Root inside must be nobody on the host: a user namespace, and no id of it below the first that is ours to give.
void check_users(const Case& c) {
  const Json namespaces = c.after.at("linux").value("namespaces", Json::array());
  c.expect(
      std::any_of(namespaces.begin(), namespaces.end(), [](const Json& one) { return text(one, "type") == "user"; }),
      "it shares the host's users");
  for (const char* map : {"/linux/uidMappings", "/linux/gidMappings"}) {
    const Json& mappings = at(c.after, map);
    c.expect(mappings.is_array() && !mappings.empty(), std::string("no ids are mapped by ") + map);
    if (!mappings.is_array()) continue;
    for (const Json& mapping : mappings)
      c.expect(mapping.value("hostID", 0) >= 1073741824, std::string("ids of the host are mapped by ") + map);
  }
}

}  // namespace

std::string plain_path(const std::string& path) {
  std::string result = std::filesystem::path("/" + path).lexically_normal().string();
  result.erase(0, result.find_first_not_of('/') == std::string::npos ? result.size() : result.find_first_not_of('/'));
  while (!result.empty() && result.back() == '/') result.pop_back();
  return "/" + result;
}

std::vector<std::string> violations(const Json& before, const Json& after, const Policy& policy, const Facts& facts) {
  Words wrong;
  const Case c{before, after, policy, facts, wrong};
  check_process(c);
  check_namespaces(c);
  check_users(c);
  check_mounts(c);
  check_root(c);
  check_devices(c);
  check_resources(c);
  check_names(c);
  check_hooks(c);
  check_filter(c);
  return wrong;
}

}  // namespace hardened::property
