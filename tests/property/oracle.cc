#include "oracle.h"

#include <algorithm>
#include <set>
#include <string_view>

namespace hardened::property {
namespace {

using Words = std::vector<std::string>;
using Strings = std::set<std::string>;

const Json& at(const Json& document, const char* pointer) {
  static const Json nothing;
  const Json::json_pointer path(pointer);
  return document.contains(path) ? document.at(path) : nothing;
}

Strings strings(const Json& list) {
  Strings result;
  if (!list.is_array()) return result;
  for (const Json& element : list) result.insert(element.get<std::string>());
  return result;
}

bool subset(const Strings& inner, const Strings& outer) {
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

long long number(const Json& value) { return value.is_number_integer() ? value.get<long long>() : 0; }

bool starts_with(const std::string& text, std::string_view prefix) { return text.compare(0, prefix.size(), prefix) == 0; }

struct Case {
  const Json& before;
  const Json& after;
  const Policy& policy;
  const Facts& facts;
  Words& wrong;

  void expect(bool holds, const std::string& sentence) const {
    if (!holds) wrong.push_back(sentence);
  }
};

void check_process(const Case& c) {
  const Strings granted(c.policy.profile.capabilities.begin(), c.policy.profile.capabilities.end());
  for (const char* set : {"bounding", "effective", "permitted", "inheritable", "ambient"}) {
    const std::string pointer = std::string("/process/capabilities/") + set;
    const Strings has = strings(at(c.after, pointer.c_str()));
    c.expect(subset(has, granted), std::string(set) + " holds a capability the profile does not grant");
    c.expect(subset(has, strings(at(c.before, pointer.c_str()))), std::string(set) + " holds a capability the engine did not give");
  }
  // runc and crun read an absent object as "leave the capabilities as they are".
  c.expect(at(c.after, "/process/capabilities").is_object(), "capabilities are absent");
  c.expect(at(c.after, "/process/noNewPrivileges") == true, "no-new-privileges is not set");
  c.expect(number(at(c.after, "/process/oomScoreAdj")) >= 0, "the oom score is negative");
  c.expect(number(at(c.after, "/process/oomScoreAdj")) >= number(at(c.before, "/process/oomScoreAdj")), "the oom score was lowered");
  c.expect(!starts_with(at(c.after, "/process/cwd").is_string() ? at(c.after, "/process/cwd").get<std::string>() : "/", "/proc"),
           "the working directory is below /proc");
  const auto gids = [](const Json& list) {
    std::set<long long> result;
    if (list.is_array())
      for (const Json& gid : list) result.insert(number(gid));
    return result;
  };
  const auto had = gids(at(c.before, "/process/user/additionalGids"));
  for (const long long gid : gids(at(c.after, "/process/user/additionalGids"))) c.expect(had.contains(gid), "a group was added");
  c.expect(number(at(c.before, "/process/user/uid")) == 0 || number(at(c.after, "/process/user/uid")) != 0, "the user became root");
  for (const Json& limit : at(c.after, "/process/rlimits")) {
    const auto hard = limit.at("hard").get<std::uint64_t>();
    if (limit.at("type") == "RLIMIT_NOFILE") c.expect(hard <= c.policy.profile.limits.nofile.max, "RLIMIT_NOFILE is above the maximum");
    if (limit.at("type") == "RLIMIT_CORE") c.expect(hard == 0, "core dumps are allowed");
  }
}

// A namespace that is absent, or joined by a path that is the host's, is the host's.
void check_namespaces(const Case& c) {
  for (const char* type : {"pid", "ipc", "network", "uts", "mount", "cgroup"}) {
    const auto& allowed = c.policy.profile.namespaces;
    if (std::find(allowed.begin(), allowed.end(), type) != allowed.end()) continue;
    int count = 0;
    for (const Json& ns : at(c.after, "/linux/namespaces")) {
      if (ns.at("type") != type) continue;
      ++count;
      if (!ns.contains("path")) continue;
      const auto fact = c.facts.namespaces.find(ns.at("path").get<std::string>());
      c.expect(fact != c.facts.namespaces.end() && !fact->second.host, std::string(type) + " is the host's namespace");
    }
    c.expect(count == 1, std::string("there is no namespace of its own: ") + type);
  }
}

bool has_option(const Json& mount, std::string_view option) {
  if (!mount.contains("options") || !mount.at("options").is_array()) return false;
  const Json& options = mount.at("options");
  return std::any_of(options.begin(), options.end(), [option](const Json& o) { return o.get<std::string>() == option; });
}

bool is_bind(const Json& mount) {
  return has_option(mount, "bind") || has_option(mount, "rbind") || mount.value("type", "") == "bind";
}

void check_bind(const Case& c, const Json& mount) {
  const std::string source = mount.value("source", "");
  c.expect(has_option(mount, "nosuid"), "a bind without nosuid: " + source);
  c.expect(has_option(mount, "nodev"), "a bind without nodev: " + source);
  const auto fact = c.facts.paths.find(source);
  c.expect(fact != c.facts.paths.end() && fact->second.exists, "a bind of something unknown: " + source);
  if (fact == c.facts.paths.end()) return;
  const std::string& real = fact->second.resolved;
  c.expect((fact->second.mode & S_IFMT) != S_IFSOCK, "a socket is mounted: " + source);
  c.expect((fact->second.mode & S_IFMT) != S_IFBLK, "a block device is mounted: " + source);
  for (const char* forbidden : {"/", "/etc", "/proc", "/sys", "/dev", "/boot", "/root", "/run", "/var/run", "/usr", "/var", "/home"})
    c.expect(real != forbidden, "a host directory is mounted: " + source + " = " + real);
  for (const char* below : {"/etc/shadow", "/proc/1/root", "/sys/fs/cgroup", "/dev/sda", "/root/.ssh", "/run/docker.sock"})
    c.expect(real != below, "a host file is mounted: " + source + " = " + real);
}

void check_mounts(const Case& c) {
  for (const Json& mount : at(c.after, "/mounts")) {
    const std::string destination = mount.value("destination", "");
    for (const char* option : {"shared", "rshared", "slave", "rslave", "unbindable", "runbindable", "dev", "suid"})
      c.expect(!has_option(mount, option), destination + " is mounted " + option);
    const std::string type = mount.value("type", "");
    const Strings types{"bind", "tmpfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2", "none", ""};
    c.expect(types.contains(type), destination + " has the type " + type);
    if (is_bind(mount)) check_bind(c, mount);
    if (type == "sysfs" || type == "cgroup" || type == "cgroup2") c.expect(has_option(mount, "ro"), destination + " is writable");
  }
  // Nothing of the engine's disappears, and what was read-only stays so.
  for (const Json& mount : at(c.before, "/mounts")) {
    const auto& now = at(c.after, "/mounts");
    const auto same = std::find_if(now.begin(), now.end(), [&mount](const Json& other) {
      return other.value("destination", "") == mount.value("destination", "") && other.value("source", "") == mount.value("source", "") &&
             (!has_option(mount, "ro") || has_option(other, "ro"));
    });
    c.expect(same != now.end(), "a mount was lost or lost its ro: " + mount.value("destination", ""));
  }
}

void check_root(const Case& c) {
  const bool read_only = at(c.after, "/root/readonly") == true;
  c.expect(read_only || at(c.before, "/root/readonly") != true, "a read-only root became writable");
  c.expect(read_only || c.policy.profile.rootfs != policy::Rootfs::read_only, "the root is writable");
  c.expect(at(c.after, "/root/path") == at(c.before, "/root/path"), "another root");
  for (const char* list : {"/linux/maskedPaths", "/linux/readonlyPaths"})
    c.expect(subset(strings(at(c.before, list)), strings(at(c.after, list))), std::string("paths were taken from ") + list);
  const Strings masked = strings(at(c.after, "/linux/maskedPaths"));
  for (const char* path : {"/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/acpi", "/proc/timer_list"})
    c.expect(masked.contains(path), std::string(path) + " is not masked");
  const Strings fixed = strings(at(c.after, "/linux/readonlyPaths"));
  for (const char* path : {"/proc/sys", "/proc/sysrq-trigger", "/proc/bus", "/proc/fs", "/proc/irq"})
    c.expect(fixed.contains(path), std::string(path) + " is writable");
}

// The verdict of a device rule list for one request, as cgroup v1 and runc's eBPF program give it: the last rule that
// matches; without any, denied.
bool device_allowed(const Json& rules, const std::string& type, long long major, long long minor, char access) {
  bool allowed = false;
  if (!rules.is_array()) return true;  // no list: no restriction
  for (const Json& rule : rules) {
    const std::string kind = rule.value("type", "a");
    if (kind != "a" && !kind.empty() && kind != type) continue;
    if (rule.contains("major") && number(rule.at("major")) != -1 && number(rule.at("major")) != major) continue;
    if (rule.contains("minor") && number(rule.at("minor")) != -1 && number(rule.at("minor")) != minor) continue;
    const std::string modes = rule.value("access", "rwm");
    if (!modes.empty() && modes.find(access) == std::string::npos) continue;
    allowed = rule.value("allow", false);
  }
  return allowed;
}

void check_devices(const Case& c) {
  struct Device {
    const char* type;
    long long major, minor;
    const char* name;
  };
  const Device devices[] = {{"b", 8, 0, "sda"}, {"c", 1, 1, "mem"}, {"c", 1, 4, "port"}, {"c", 10, 229, "fuse"}, {"c", 10, 200, "tun"},
                            {"b", 252, 0, "vda"}, {"c", 10, 232, "kvm"}};
  const Json& rules = at(c.after, "/linux/resources/devices");
  for (const Device& device : devices) {
    for (const char access : {'r', 'w'})
      c.expect(!device_allowed(rules, device.type, device.major, device.minor, access), std::string("the device is usable: ") + device.name);
  }
  Strings before;
  for (const Json& device : at(c.before, "/linux/devices")) before.insert(device.value("path", ""));
  const Strings harmless{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty", "/dev/console", "/dev/ptmx"};
  for (const Json& device : at(c.after, "/linux/devices")) {
    const std::string path = device.value("path", "");
    c.expect(before.contains(path) && harmless.contains(path), "a device is created: " + path);
  }
}

void check_resources(const Case& c) {
  const auto& limits = c.policy.profile.limits;
  const long long memory = number(at(c.after, "/linux/resources/memory/limit"));
  const long long asked = number(at(c.before, "/linux/resources/memory/limit"));
  c.expect(memory > 0 && static_cast<std::uint64_t>(memory) <= limits.memory.max, "memory is not limited");
  c.expect(asked <= 0 || memory <= asked, "more memory than asked");
  c.expect(at(c.after, "/linux/resources/memory/disableOOMKiller") != true, "the OOM killer is off");
  const long long pids = number(at(c.after, "/linux/resources/pids/limit"));
  c.expect(pids > 0 && static_cast<std::uint64_t>(pids) <= limits.pids.max, "pids are not limited");
  const auto quota = static_cast<double>(number(at(c.after, "/linux/resources/cpu/quota")));
  const long long period = number(at(c.after, "/linux/resources/cpu/period"));
  c.expect(quota > 0 && quota / static_cast<double>(period == 0 ? 100000 : period) <= limits.cpu.max + 1e-6, "cpu is not limited");
  c.expect(number(at(c.after, "/linux/resources/cpu/realtimeRuntime")) == 0, "real-time cpu is granted");
  for (const auto& [key, value] : at(c.after, "/linux/resources/unified").items())
    c.expect(key != "memory.max" && key != "pids.max" && key != "cpu.max" && key != "memory.swap.max", "a raw limit: " + key);
}

void check_rest(const Case& c) {
  const Json& sysctls = at(c.after, "/linux/sysctl");
  for (const auto& [key, value] : sysctls.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '/', '.');
    c.expect(at(c.before, "/linux/sysctl").contains(key), "a sysctl was added: " + key);
    for (const char* bad : {"kernel.shmmax", "net.ipv4.ip_forward", "net.ipv4.conf.all.route_localnet", "kernel.core_pattern"})
      c.expect(name != bad, "a sysctl is set: " + key);
  }
  for (const auto& [key, value] : at(c.after, "/annotations").items()) {
    c.expect(at(c.before, "/annotations").contains(key), "an annotation was added: " + key);
    for (const char* bad : {"run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "org.criu.config", "run.oci.handler",
                            "org.systemd.property.ExecStartPre", "module.wasm.image/variant", "krun.vm"})
      c.expect(key != bad, "an annotation reaches the runtime: " + key);
  }
  const Json& filter = at(c.after, "/linux/seccomp");
  c.expect(filter.is_object(), "there is no seccomp filter");
  if (!filter.is_object()) return;
  c.expect(filter.value("defaultAction", "") == "SCMP_ACT_ERRNO", "the seccomp filter does not deny by default");
  c.expect(!filter.contains("listenerPath"), "someone else answers system calls");
  c.expect(filter.contains("architectures") && filter.at("architectures").size() == 1, "more than one architecture is allowed");
  for (const Json& rule : filter.value("syscalls", Json::array())) {
    if (rule.at("action") != "SCMP_ACT_ALLOW") continue;
    const Strings names = strings(rule.at("names"));
    for (const char* bad : {"mount", "init_module", "bpf", "ptrace", "kexec_load", "keyctl", "unshare", "setns", "reboot", "io_uring_setup",
                            "userfaultfd", "perf_event_open", "clone3", "open_by_handle_at", "move_mount"})
      c.expect(!names.contains(bad), std::string("the system call is allowed: ") + bad);
  }
  const Json& profile = at(c.after, "/process/apparmorProfile");
  if (c.facts.apparmor && !c.facts.apparmor_profiles.empty())
    c.expect(profile.is_string() && profile != "unconfined" && profile != "", "AppArmor does not confine it");
}

}  // namespace

std::vector<std::string> violations(const Json& before, const Json& after, const Policy& policy, const Facts& facts) {
  Words wrong;
  const Case c{before, after, policy, facts, wrong};
  check_process(c);
  check_namespaces(c);
  check_mounts(c);
  check_root(c);
  check_devices(c);
  check_resources(c);
  check_rest(c);
  return wrong;
}

}  // namespace hardened::property
