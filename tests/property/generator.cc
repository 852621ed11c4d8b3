#include "generator.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>

namespace hardened::property {
namespace {

using Random = std::mt19937_64;

std::size_t pick(Random& random, std::size_t count) { return static_cast<std::size_t>(random() % count); }

template <typename T, std::size_t N>
T one_of(Random& random, const T (&choices)[N]) {
  return choices[pick(random, N)];
}

constexpr const char* capability_choices[] = {"CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_CHOWN", "CAP_NET_RAW", "CAP_BPF",
                                              "CAP_SYS_PTRACE", "CAP_NET_BIND_SERVICE", "CAP_KILL", "CAP_MKNOD"};
constexpr long long number_choices[] = {0, 1, -1, 2, 1000, 4096, 100000, 1LL << 20, 1LL << 30, 1LL << 40,
                                        std::numeric_limits<long long>::max(), std::numeric_limits<long long>::min()};

struct HostPath {
  const char* source;
  const char* resolved;
  mode_t mode;
};
constexpr HostPath host_paths[] = {
    {"/srv/data", "/srv/data", S_IFDIR | 0755},
    {"/srv/innocent", "/etc", S_IFDIR | 0755},
    {"/etc", "/etc", S_IFDIR | 0755},
    {"/", "/", S_IFDIR | 0755},
    {"/var/run/docker.sock", "/run/docker.sock", S_IFSOCK | 0660},
    {"/srv/sock", "/run/docker.sock", S_IFSOCK | 0660},
    {"/srv/other.sock", "/srv/other.sock", S_IFSOCK | 0666},
    {"/run", "/run", S_IFDIR | 0755},
    {"/var", "/var", S_IFDIR | 0755},
    {"/dev/sda", "/dev/sda", S_IFBLK | 0660},
    {"/proc", "/proc", S_IFDIR | 0555},
    {"/sys", "/sys", S_IFDIR | 0555},
    {"/root/.ssh", "/root/.ssh", S_IFDIR | 0700},
    {"/var/lib/docker/volumes/v/_data", "/var/lib/docker/volumes/v/_data", S_IFDIR | 0755},
    {"/var/lib/docker/volumes/x/_data/../../..", "/var/lib/docker", S_IFDIR | 0710},
    {"/srv/data/", "/srv/data", S_IFDIR | 0755},
};

using Mutation = void (*)(Random&, Sample&);

Json& linux_of(Sample& sample) { return sample.spec["linux"]; }
Json& resources_of(Sample& sample) { return linux_of(sample)["resources"]; }

void add_capability(Random& random, Sample& sample) {
  for (const char* set : {"bounding", "effective", "permitted", "inheritable", "ambient"}) {
    if (pick(random, 3) != 0) sample.spec["process"]["capabilities"][set].push_back(one_of(random, capability_choices));
  }
}
void no_capabilities(Random&, Sample& sample) { sample.spec["process"].erase("capabilities"); }
void no_new_privileges(Random& random, Sample& sample) { sample.spec["process"]["noNewPrivileges"] = pick(random, 2) == 0; }
void user(Random& random, Sample& sample) {
  constexpr long long ids[] = {0, 1, 1000, 65534, 4294967295LL};
  sample.spec["process"]["user"] = {{"uid", one_of(random, ids)}, {"gid", one_of(random, ids)}};
  if (pick(random, 2) == 0) sample.spec["process"]["user"]["additionalGids"] = {one_of(random, ids), 0, 103};
}
void knobs(Random& random, Sample& sample) {
  constexpr long long scores[] = {-1000, -1, 0, 500, 1000};
  constexpr const char* directories[] = {"/", "/app", "/proc/self/fd/7", "/proc", "/srv/../proc/1"};
  sample.spec["process"]["oomScoreAdj"] = one_of(random, scores);
  sample.spec["process"]["cwd"] = one_of(random, directories);
  if (pick(random, 3) == 0) sample.spec["process"]["scheduler"] = {{"policy", "SCHED_FIFO"}, {"priority", 10}};
}
void rlimit(Random& random, Sample& sample) {
  constexpr const char* types[] = {"RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_NPROC", "RLIMIT_MEMLOCK"};
  const std::uint64_t hard = static_cast<std::uint64_t>(one_of(random, number_choices));
  sample.spec["process"]["rlimits"] = {{{"type", one_of(random, types)}, {"hard", hard}, {"soft", hard / 2}}};
}
void seccomp(Random& random, Sample& sample) {
  if (pick(random, 2) == 0) {
    linux_of(sample).erase("seccomp");
    return;
  }
  linux_of(sample)["seccomp"] = Json::parse(
      R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount","bpf"],"action":"SCMP_ACT_ERRNO"},{"names":["write"],"action":"SCMP_ACT_KILL"}]})");
}
void apparmor(Random& random, Sample& sample) {
  constexpr const char* profiles[] = {"", "unconfined", "docker-default", "mine"};
  sample.spec["process"]["apparmorProfile"] = one_of(random, profiles);
  sample.facts.apparmor = pick(random, 2) == 0;
  sample.facts.apparmor_profiles = {"docker-default", "mine"};
}
void bind(Random& random, Sample& sample) {
  constexpr const char* destinations[] = {"/data", "/run", "/run/secrets/x", "/tmp", "/tmp/y", "/proc/sys", "/sys/fs", "/dev/foo", "/etc/hosts", "/var"};
  constexpr const char* options[] = {"rw", "ro", "shared", "rslave", "exec", "suid", "dev", "rprivate", "bind"};
  const HostPath path = one_of(random, host_paths);
  Json mount = {{"destination", one_of(random, destinations)}, {"type", "bind"}, {"source", path.source}, {"options", {"rbind"}}};
  for (std::size_t i = pick(random, 4); i > 0; --i) mount["options"].push_back(one_of(random, options));
  host::PathFact fact;
  fact.exists = pick(random, 20) != 0;
  fact.resolved = path.resolved;
  fact.mode = path.mode;
  fact.location = {1, path.resolved};
  sample.facts.paths[path.source] = fact;
  sample.spec["mounts"].push_back(std::move(mount));
}
void mount(Random& random, Sample& sample) {
  constexpr const char* types[] = {"tmpfs", "proc", "sysfs", "bpf", "debugfs", "overlay", "cgroup2", "mqueue", "ext4", ""};
  constexpr const char* options[] = {"rw", "size=1g", "size=64k", "size=100%", "exec", "shared", "mode=1777"};
  Json mount = {{"destination", "/m" + std::to_string(pick(random, 3))}, {"type", one_of(random, types)}, {"source", "x"}, {"options", Json::array()}};
  for (std::size_t i = pick(random, 3); i > 0; --i) mount["options"].push_back(one_of(random, options));
  sample.spec["mounts"].push_back(std::move(mount));
}
void paths(Random& random, Sample& sample) {
  for (const char* list : {"maskedPaths", "readonlyPaths"}) {
    if (pick(random, 2) == 0) linux_of(sample).erase(list);
  }
}
void namespaces(Random& random, Sample& sample) {
  constexpr const char* types[] = {"pid", "ipc", "network", "uts", "mount", "cgroup"};
  Json& list = linux_of(sample)["namespaces"];
  if (!list.is_array() || list.empty()) return;
  const std::size_t index = pick(random, list.size());
  if (pick(random, 2) == 0) {
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(index));
  } else {
    const std::string path = "/proc/" + std::to_string(1 + pick(random, 3)) + "/ns/x";
    list[index] = {{"type", one_of(random, types)}, {"path", path}};
    sample.facts.namespaces[path] = {{1, 1}, pick(random, 2) == 0, pick(random, 2) == 0 ? std::optional<std::string>("peer") : std::nullopt};
  }
}
void devices(Random& random, Sample& sample) {
  constexpr const char* names[] = {"/dev/sda", "/dev/null", "/dev/fuse", "/dev/kvm", "/dev/null/../mem"};
  linux_of(sample)["devices"].push_back({{"path", one_of(random, names)}, {"type", "c"}, {"major", 10}, {"minor", 229}});
  if (pick(random, 2) == 0) resources_of(sample)["devices"].push_back({{"allow", true}, {"access", "rwm"}});
  if (pick(random, 2) == 0) resources_of(sample)["devices"].push_back({{"allow", true}, {"type", "b"}, {"major", 8}, {"minor", -1}, {"access", "rw"}});
  if (pick(random, 4) == 0) resources_of(sample).erase("devices");
}
void limits(Random& random, Sample& sample) {
  Json& resources = resources_of(sample);
  if (pick(random, 2) == 0) resources["memory"]["limit"] = one_of(random, number_choices);
  if (pick(random, 2) == 0) resources["memory"]["swap"] = one_of(random, number_choices);
  if (pick(random, 3) == 0) resources["memory"]["disableOOMKiller"] = true;
  if (pick(random, 2) == 0) resources["pids"]["limit"] = one_of(random, number_choices);
  if (pick(random, 2) == 0) resources["cpu"]["quota"] = one_of(random, number_choices);
  if (pick(random, 3) == 0) resources["cpu"]["period"] = one_of(random, number_choices);
  if (pick(random, 3) == 0) resources["cpu"]["realtimeRuntime"] = one_of(random, number_choices);
  if (pick(random, 3) == 0) resources["unified"] = {{"memory.max", "max"}, {"memory.high", "1"}};
  if (pick(random, 3) == 0) resources["blockIO"]["weight"] = one_of(random, number_choices);
  sample.facts.cgroup_version = pick(random, 2) == 0 ? 1 : 2;
}
void sysctls(Random& random, Sample& sample) {
  constexpr const char* names[] = {"net.ipv4.ip_forward", "kernel.shmmax", "net/ipv4/conf/all/route_localnet", "net.ipv4.tcp_syncookies", "kernel.core_pattern"};
  linux_of(sample)["sysctl"][one_of(random, names)] = "1";
}
void annotations(Random& random, Sample& sample) {
  constexpr const char* names[] = {"run.oci.seccomp_bpf_data", "run.oci.hooks.stdout", "org.criu.config", "com.example.ok",
                                   "org.systemd.property.ExecStartPre", "org.systemd.property.TimeoutStopUSec", "krun.vm"};
  sample.spec["annotations"][one_of(random, names)] = "x";
}
void hook(Random& random, Sample& sample) {
  constexpr const char* kinds[] = {"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"};
  constexpr const char* programs[] = {"/bin/sh", "/proc/1/exe", "relative", "/usr/bin/nvidia-ctk"};
  sample.spec["hooks"][one_of(random, kinds)].push_back({{"path", one_of(random, programs)}, {"args", {"libnetwork-setkey"}}});
}
void odd_members(Random& random, Sample& sample) {
  sample.spec["process"]["x-unknown"] = {{"z", 1}, {"a", std::numeric_limits<std::uint64_t>::max()}};
  if (pick(random, 2) == 0) sample.facts.unknown_members = {"/process/x-unknown"};
}
void other(Random& random, Sample& sample) {
  constexpr const char* groups[] = {"/", "/docker/abc", "system.slice:docker:abc", "../..", "/user.slice"};
  linux_of(sample)["cgroupsPath"] = one_of(random, groups);
  if (pick(random, 2) == 0) linux_of(sample)["rootfsPropagation"] = "shared";
  if (pick(random, 3) == 0) linux_of(sample)["intelRdt"] = {{"closID", "x"}};
  if (pick(random, 3) == 0) linux_of(sample)["personality"] = {{"domain", "LINUX32"}};
  if (pick(random, 3) == 0) sample.spec["root"]["readonly"] = true;
}

struct Row {
  const char* name;
  Mutation apply;
};
constexpr Row mutations[] = {
    {"add-capability", add_capability}, {"no-capabilities", no_capabilities}, {"no-new-privileges", no_new_privileges},
    {"user", user}, {"knobs", knobs}, {"rlimit", rlimit}, {"seccomp", seccomp}, {"apparmor", apparmor}, {"bind", bind},
    {"mount", mount}, {"paths", paths}, {"namespaces", namespaces}, {"devices", devices}, {"limits", limits},
    {"sysctls", sysctls}, {"annotations", annotations}, {"hook", hook}, {"odd-members", odd_members}, {"other", other},
};

// What the machine would say about the paths that dockerd itself puts into a spec.
void describe_engine_paths(Sample& sample) {
  for (const Json& mount : sample.spec["mounts"]) {
    if (mount.value("type", "") != "bind") continue;
    const std::string source = mount.value("source", "");
    sample.facts.paths[source] = {true, source, {2, 2}, {1, source}, S_IFREG | 0644, 0, true};
    const std::size_t id = source.find("/containers/");
    if (id != std::string::npos) sample.facts.engine_directory = source.substr(0, source.rfind('/'));
  }
  const std::string root = sample.spec["root"].value("path", "");
  sample.facts.paths[root] = {true, root, {2, 3}, {1, root}, S_IFDIR | 0755, 0, true};
  sample.facts.paths["/proc/3330/exe"] = {true, "/usr/sbin/dockerd", {2, 4}, {1, "/usr/sbin/dockerd"}, S_IFREG | 0755, 0, true};
  sample.facts.paths["/bin/sh"] = {true, "/usr/bin/dash", {2, 5}, {1, "/usr/bin/dash"}, S_IFREG | 0755, 0, true};
  sample.facts.namespaces["/var/run/docker/netns/default"] = {{4, 1}, true, std::nullopt};
}

Facts base_facts() {
  Facts facts;
  facts.workload.engine = Engine::docker;
  facts.workload.id = "abc";
  facts.runtime = {"/usr/sbin/runc", host::RuntimeKind::runc, 1, 1, 5};
  facts.memory_total = std::uint64_t{16} << 30;
  facts.cpus = 4;
  facts.groups = {{"docker", 103}, {"disk", 6}};
  facts.graph_roots = {"/var/lib/docker"};
  for (const char* path : {"/", "/etc", "/proc", "/sys", "/dev", "/boot", "/root", "/run", "/usr", "/var/lib/docker", "/var/log"})
    facts.sensitive.push_back({path, false, std::string(path) != "/", {true, path, {3, 1}, {1, path}, S_IFDIR | 0755, 0, true}});
  facts.sensitive.push_back({"/run/docker.sock", true, true, {true, "/run/docker.sock", {3, 9}, {1, "/run/docker.sock"}, S_IFSOCK | 0660, 0, true}});
  return facts;
}

}  // namespace

Generator::Generator(std::uint64_t seed) : random_(seed) {
  for (const auto& entry : std::filesystem::directory_iterator(HARDENED_SOURCE_DIR "/tests/data/specs")) {
    std::ifstream file(entry.path());
    bases_.push_back(Json::parse(file));
  }
  if (bases_.empty()) throw std::runtime_error("no specs to start from");
}

Sample Generator::next() {
  Sample sample{bases_[pick(random_, bases_.size())], base_facts(), {}};
  describe_engine_paths(sample);
  for (std::size_t count = pick(random_, 7); count > 0; --count) {
    const Row& row = mutations[pick(random_, std::size(mutations))];
    row.apply(random_, sample);
    sample.story += std::string(row.name) + " ";
  }
  return sample;
}

}  // namespace hardened::property
