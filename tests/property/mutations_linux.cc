// What a user or an engine may say in "linux", in the annotations and in the hooks.
#include <string>

#include "mutation.h"

namespace hardened::property {
namespace {

constexpr const char* filters[] = {
    R"({"defaultAction":"SCMP_ACT_ALLOW"})",
    R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount","bpf"],"action":"SCMP_ACT_ERRNO"},{"names":["write"],"action":"SCMP_ACT_KILL"}]})",
    R"({"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"],"syscalls":[{"names":["read","write","exit_group","mount"],"action":"SCMP_ACT_ALLOW"}]})",
    R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"listenerPath":"/run/x","syscalls":[{"names":["connect"],"action":"SCMP_ACT_NOTIFY"}]})",
    R"({"defaultAction":"SCMP_ACT_KILL","flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW"],"syscalls":[{"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":8,"op":"SCMP_CMP_EQ"}]}]})",
    R"({"defaultAction":"SCMP_ACT_LOG","syscalls":[{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":2114060288,"valueTwo":0,"op":"SCMP_CMP_MASKED_EQ"}]}]})",
    R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read","read"],"action":"SCMP_ACT_ALLOW"},{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":0},{"names":["no_such_call"],"action":"SCMP_ACT_ALLOW"}]})",
    R"({"defaultAction":"SCMP_ACT_TRACE","syscalls":[{"names":["ptrace"],"action":"SCMP_ACT_TRACE","errnoRet":5}]})",
    R"({"defaultAction":"SCMP_ACT_NONSENSE","syscalls":[{"names":["read"],"action":"x"}]})",
    R"({"syscalls":[{"names":[]},{"action":"SCMP_ACT_ALLOW"}]})",
    R"({})"};

void seccomp(Random& random, Sample& sample) {
  if (once_in(random, 4)) {
    linux_of(sample).erase("seccomp");
  } else {
    linux_of(sample)["seccomp"] = Json::parse(one_of(random, filters));
  }
}

void paths(Random& random, Sample& sample) {
  constexpr const char* odd[] = {"/proc/kcore/", "/x", "proc/kcore", "/proc/../proc/keys", ""};
  for (const char* list : {"maskedPaths", "readonlyPaths"}) {
    if (once_in(random, 3)) linux_of(sample).erase(list);
    if (once_in(random, 3)) linux_of(sample)[list] = Json::array();
    if (once_in(random, 3)) list_in(linux_of(sample), list).push_back(one_of(random, odd));
  }
}

void namespaces(Random& random, Sample& sample) {
  constexpr const char* types[] = {"pid", "ipc", "network", "uts", "mount", "cgroup", "user", "time", "PID", ""};
  Json& list = list_in(linux_of(sample), "namespaces");
  if (list.empty() || once_in(random, 4)) list.push_back({{"type", one_of(random, types)}});
  const std::size_t index = pick(random, list.size());
  if (once_in(random, 2)) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
    return;
  }
  constexpr const char* places[] = {"/proc/", "/run/netns/", "/var/run/docker/netns/"};
  const std::string path = one_of(random, places) + std::to_string(1 + pick(random, 3)) + "/ns/x";
  const Json type = once_in(random, 2) ? list[index].value("type", Json("pid")) : Json(one_of(random, types));
  list[index] = {{"type", type}, {"path", once_in(random, 6) ? "" : path}};
  if (once_in(random, 5)) return;  // the host knows nothing of it
  const bool host = once_in(random, 2);
  sample.facts.namespaces[path] = {{1, host ? 1U : 2U},
                                   host,
                                   host,
                                   !host && once_in(random, 2) ? std::optional<std::string>("peer") : std::nullopt,
                                   {}};
}

void devices(Random& random, Sample& sample) {
  constexpr const char* names[] = {"/dev/sda", "/dev/null", "/dev/fuse", "/dev/kvm", "/dev/null/../mem", "dev/x"};
  constexpr const char* kinds[] = {"c", "b", "p", "u", ""};
  Json device = {{"path", one_of(random, names)}, {"type", one_of(random, kinds)}, {"major", 10}, {"minor", 229}};
  if (once_in(random, 4))
    device = {{"path", "/dev/null"}, {"type", "c"}, {"major", 1}, {"minor", 3}, {"fileMode", 438}};
  if (once_in(random, 6)) device.erase("major");
  list_in(linux_of(sample), "devices").push_back(std::move(device));
}

void sysctls(Random& random, Sample& sample) {
  constexpr const char* names[] = {"net.ipv4.ip_forward",
                                   "kernel.shmmax",
                                   "net/ipv4/conf/all/route_localnet",
                                   "net.ipv4.tcp_syncookies",
                                   "kernel.core_pattern",
                                   "net/ipv4/tcp_syncookies",
                                   "net.ipv4/../../kernel.core_pattern",
                                   "",
                                   "net.ipv4.conf.eth0/7.rp_filter",
                                   "~1"};
  object_in(linux_of(sample), "sysctl")[one_of(random, names)] = "1";
}

void annotations(Random& random, Sample& sample) {
  constexpr const char* names[] = {"run.oci.seccomp_bpf_data",
                                   "run.oci.hooks.stdout",
                                   "org.criu.config",
                                   "com.example.ok",
                                   "org.systemd.property.ExecStartPre",
                                   "org.systemd.property.TimeoutStopUSec",
                                   "krun.vm",
                                   "run.oci.handler",
                                   "module.wasm.image/variant",
                                   "a/b~c",
                                   "",
                                   "bundle"};
  object_in(sample.spec, "annotations")[one_of(random, names)] = "x";
}

void hook(Random& random, Sample& sample) {
  constexpr const char* kinds[] = {"prestart",       "createRuntime", "createContainer",
                                   "startContainer", "poststart",     "poststop"};
  constexpr const char* programs[] = {"/bin/sh", "/proc/1/exe", "relative", "/usr/bin/nvidia-ctk", "/usr/bin/../bin/sh",
                                      ""};
  Json hook = {{"path", one_of(random, programs)}, {"args", Json::array({"libnetwork-setkey"})}};
  if (once_in(random, 3)) hook["env"] = Json::array();
  if (once_in(random, 3)) hook["env"] = Json::array({"LD_PRELOAD=/x"});
  list_in(object_in(sample.spec, "hooks"), one_of(random, kinds)).push_back(std::move(hook));
}

void control_group(Random& random, Sample& sample) {
  constexpr const char* groups[] = {"/", "/docker/abc", "system.slice:docker:abc", "../..", "/user.slice",
                                    "",  "docker"};
  linux_of(sample)["cgroupsPath"] = one_of(random, groups);
}

void propagation(Random& random, Sample& sample) {
  constexpr const char* words[] = {"shared",   "rshared",    "slave", "rslave", "private",
                                   "rprivate", "unbindable", "",      "Shared"};
  linux_of(sample)["rootfsPropagation"] = one_of(random, words);
}

void rare_members(Random& random, Sample& sample) {
  Json& member = linux_of(sample);
  if (once_in(random, 4)) member["intelRdt"] = {{"closID", "x"}};
  if (once_in(random, 4)) member["personality"] = {{"domain", "LINUX32"}};
  if (once_in(random, 4)) member["personality"] = {{"domain", "LINUX"}, {"flags", Json::array({"ADDR_NO_RANDOMIZE"})}};
  if (once_in(random, 4)) member["timeOffsets"] = {{"monotonic", {{"secs", 1}}}};
  if (once_in(random, 4)) member["memoryPolicy"] = {{"mode", "MPOL_BIND"}, {"nodes", "0"}};
  if (once_in(random, 8)) member["netDevices"] = {{"eth0", {{"name", "x"}}}};
}

constexpr Mutation table[] = {
    {"seccomp", seccomp},
    {"paths", paths},
    {"namespaces", namespaces},
    {"devices", devices},
    {"sysctls", sysctls},
    {"annotations", annotations},
    {"hook", hook},
    {"cgroup", control_group},
    {"propagation", propagation},
    {"rare-members", rare_members},
};

}  // namespace

std::span<const Mutation> linux_mutations() {
  return table;
}

}  // namespace hardened::property
