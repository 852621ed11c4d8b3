#include "ctl/checks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "ctl/docker_config.h"
#include "ctl/dockerd.h"
#include "ctl/versions.h"
#include "host/id_pool.h"
#include "host/runtime_version.h"
#include "kernel/user_namespace.h"
#include "oci/strict_json.h"
#include "policy/check.h"
#include "rootfs/mount_api.h"
#include "runtime/known_names.h"
#include "runtime/story.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t largest_file = std::size_t{8} << 20;  // bytes

Finding good(std::string detail) {
  return {Health::good, std::move(detail), {}};
}
Finding bad(std::string detail, std::string remedy) {
  return {Health::bad, std::move(detail), std::move(remedy)};
}
Finding note(std::string detail, std::string remedy = {}) {
  return {Health::note, std::move(detail), std::move(remedy)};
}
Finding not_here(std::string detail) {
  return {Health::not_here, std::move(detail), {}};
}
Finding bad(const Error& error) {
  return bad(error.message, error.hint);
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::string text_of(const std::string& path) {
  const auto fd = open_at(AT_FDCWD, path, O_RDONLY);
  return fd ? read_all(fd->get(), largest_file, path).value_or("") : "";
}

Finding look_at_policy(const Places& places, const Facts&) {
  const policy::CheckReport report = policy::check(utc_today(), runtime::known_names(), places.policy);
  if (!report.problems.empty()) return bad(report.problems.front());
  return good(report.policy_exists ? places.policy.policy_file + " is fine"
                                   : "there is none: the built-in profile strict holds");
}

Result<std::string> chosen_runtime(const Places& places) {
  TRY(policy, policy::load({}, "hardened-runtime", utc_today(), runtime::known_names(), places.policy));
  return runtime::choose_runtime(policy);
}

Finding look_at_runtime(const Places& places, const Facts&) {
  const Result<std::string> path = chosen_runtime(places);
  if (!path) return bad(path.error());
  const auto version = host::runtime_version(*path, paths::state);
  return version ? judge_version(*version) : bad(version.error());
}

// Somebody's ids that no container has: only whether they can be mapped is asked.
constexpr kernel::IdMapping trial{host::default_first_id, host::default_first_id, host::IdPool::slot};

Finding look_at_user_namespaces(const Places&, const Facts&) {
  const auto made = kernel::make_user_namespace(trial);
  if (made) return good("containers can have users of their own");
  return bad(made.error().message, "raise user.max_user_namespaces: sysctl user.max_user_namespaces=15000");
}

Finding look_at_ids(const Places& places, const Facts&) {
  const auto pool = host::id_pool(places.etc);
  if (!pool) return bad(pool.error());
  return good(fmt::format("{} ranges of {} host ids from {} on", pool->slots, host::IdPool::slot, pool->uid));
}

Finding look_at_idmapped_mounts(const Places& places, const Facts&) {
  if (!exists(places.docker_data)) return not_here(places.docker_data + " is not there");
  const auto users = kernel::make_user_namespace(trial);
  const auto directory = open_at(AT_FDCWD, places.docker_data, O_PATH | O_DIRECTORY);
  if (!users || !directory) return bad((users ? directory.error() : users.error()).message, "");
  const auto tree = rootfs::clone_tree(directory->get(), false, places.docker_data);
  if (!tree) return bad(tree.error());
  const auto mapped = rootfs::map_ids(tree->get(), users->get(), false, places.docker_data);
  if (!mapped) return bad(mapped.error());
  if (*mapped) return good("the file system of " + places.docker_data + " has them");
  return bad(fmt::format("the file system of {} has none", places.docker_data),
             "keep Docker's data on ext4, xfs or btrfs (\"data-root\" in daemon.json)");
}

Finding look_at_seccomp(const Places&, const Facts&) {
  const std::string actions = text_of("/proc/sys/kernel/seccomp/actions_avail");
  if (actions.find("errno") != std::string::npos) return good("the kernel filters system calls");
  return bad("the kernel has no seccomp filters", "boot a kernel with CONFIG_SECCOMP_FILTER");
}

// Version 2 lists its controllers in one line; version 1 in /proc/cgroups, "memory 11 60 1" with whether it is enabled
// at the end. That file leaves out what has no version 1 since Linux 6.12.
bool has_controller(const Facts& machine, const std::string& name) {
  const bool unified = machine.cgroup_version == 2;
  const std::string text = text_of(unified ? "/sys/fs/cgroup/cgroup.controllers" : "/proc/cgroups");
  const std::vector<std::string> entries = split(text, unified ? ' ' : '\n');
  return std::any_of(entries.begin(), entries.end(), [&](std::string entry) {
    if (!unified) return entry.starts_with(name + "\t") && entry.ends_with("\t1");
    if (entry.ends_with('\n')) entry.pop_back();
    return entry == name;
  });
}

Finding look_at_cgroups(const Places&, const Facts& machine) {
  std::vector<std::string> missing;
  for (const char* controller : {"memory", "pids", "cpu"}) {
    if (!has_controller(machine, controller)) missing.emplace_back(controller);
  }
  if (missing.empty())
    return good(fmt::format("memory, pids and cpu can be limited (version {})", machine.cgroup_version));
  return bad("there is no controller for " + join(missing, ", "),
             "boot without cgroup_disable=, and with cgroup_enable=memory where the distribution needs it");
}

Finding look_at_security_module(const Places&, const Facts& machine) {
  if (machine.apparmor) return good("AppArmor confines containers");
  if (machine.selinux) return good("SELinux confines containers");
  return note("the kernel runs neither AppArmor nor SELinux", "boot with apparmor=1 security=apparmor where it can");
}

Finding look_at_audit_log(const Places& places, const Facts&) {
  const std::string directory = places.audit_log.substr(0, places.audit_log.rfind('/'));
  if (!exists(directory)) return good(places.audit_log + " is made by the first container");
  const auto opened = open_trusted_directory(AT_FDCWD, directory);
  if (!opened) return bad(opened.error());
  if (::faccessat(opened->get(), ".", W_OK, AT_EACCESS) != 0)
    return bad(directory + " cannot be written to", "mount it read-write");
  return good(places.audit_log);
}

Finding look_at_docker(const Places& places, const Facts&) {
  std::optional<std::string> text;
  if (exists(places.docker_config)) {
    const auto read = read_trusted_file(AT_FDCWD, places.docker_config, largest_file);
    if (!read) return bad(read.error());
    text = *read;
  } else if (!exists(places.docker_socket) && !exists(places.docker_data)) {
    return not_here("there is no Docker");
  }
  // On its command line a setting cannot stand in the file as well: dockerd would not have started.
  for (const Dockerd& daemon : dockerds_of(places.docker_config)) {
    for (const std::string& argument : daemon.arguments) {
      if (argument.starts_with("--default-runtime"))
        return bad(
            fmt::format("the dockerd of pid {} was started with {}", daemon.pid, in_quotes(argument)),
            "take the option out of its command line (systemctl edit docker), and hardenctl install docker --default");
    }
  }
  return judge_docker_config(text, places.docker_config);
}

Finding look_at_docker_socket(const Places& places, const Facts&) {
  struct stat status {};
  if (::stat(places.docker_socket.c_str(), &status) != 0) return not_here(places.docker_socket + " is not there");
  if ((status.st_mode & S_IWOTH) != 0 || status.st_uid != 0)
    return bad(fmt::format("anyone who can write to {} is root, and that is more than root and a group (mode {:o})",
                           places.docker_socket, status.st_mode & 07777U),
               "chown root:docker " + places.docker_socket + " && chmod 0660 " + places.docker_socket);
  return note(fmt::format("whoever may write to {} can ask for runc: group {}", places.docker_socket, status.st_gid),
              "count those in that group as root");
}

Finding look_at_buildkit(const Places& places, const Facts&) {
  if (!exists(places.buildkit_config) && !exists(places.docker_data)) return not_here("there is nothing that builds");
  if (!exists(places.buildkit_config)) return judge_buildkit_config(std::nullopt, places.buildkit_config);
  const auto read = read_trusted_file(AT_FDCWD, places.buildkit_config, largest_file);
  return read ? judge_buildkit_config(*read, places.buildkit_config) : bad(read.error());
}

constexpr Check table[] = {
    {"policy", "The policy and the profiles have no mistakes", look_at_policy},
    {"runtime", "There is a low-level runtime without known holes", look_at_runtime},
    {"user-namespaces", "Containers can have users of their own", look_at_user_namespaces},
    {"id-ranges", "There are host ids for them", look_at_ids},
    {"idmapped-mounts", "Image layers can be shown with those ids", look_at_idmapped_mounts},
    {"seccomp", "System calls can be filtered", look_at_seccomp},
    {"cgroups", "Memory, processes and CPU time can be limited", look_at_cgroups},
    {"security-module", "A security module confines containers as well", look_at_security_module},
    {"audit-log", "Decisions can be recorded", look_at_audit_log},
    {"docker-default", "Docker's containers are hardened unless they ask for another runtime", look_at_docker},
    {"buildkit", "BuildKit runs the steps of a build by us", look_at_buildkit},
    {"docker-socket", "Only root and its like can talk to dockerd", look_at_docker_socket},
};

}  // namespace

Finding judge_version(const host::RuntimeFact& runtime) {
  if (runtime.kind == host::RuntimeKind::other)
    return bad(runtime.path + " is neither runc nor crun", "name one of them in \"runtimes\" of the policy");
  const char* const program = runtime.kind == host::RuntimeKind::runc ? "runc" : "crun";
  const std::string name =
      fmt::format("{} {}.{}.{} ({})", program, runtime.major, runtime.minor, runtime.patch, runtime.path);
  const Version version{.numbers = {runtime.major, runtime.minor, runtime.patch}};
  const std::vector<const EngineFlaw*> flaws = flaws_of(program, version);
  if (flaws.empty()) return good(name);
  return note(fmt::format("{} is older than {}, which mends {}", name, first_without(flaws, version), names_of(flaws)),
              "a distribution may have mended its own: look into the changelog of its package");
}

Finding judge_docker_config(const std::optional<std::string>& text, const std::string& name) {
  const char* const remedy = "hardenctl install docker --default";
  const auto chosen = default_runtime(text, name);
  if (!chosen) return bad(chosen.error());
  const auto runtimes = registered_runtimes(text, name);
  if (!runtimes) return bad(runtimes.error());
  if (runtimes->empty()) return bad("dockerd knows none of our runtimes", remedy);
  const bool ours = *chosen && std::find(runtimes->begin(), runtimes->end(), **chosen) != runtimes->end();
  if (!ours)
    return bad(
        fmt::format("containers get {} unless they ask for {}", chosen->value_or("runc"), join(*runtimes, " or ")),
        remedy);
  return good(fmt::format("containers get {}", **chosen));
}

Finding judge_buildkit_config(const std::optional<std::string>& text, const std::string& name) {
  const std::string program = fmt::format("{}/hardened-runtime", paths::programs);
  const std::string lines = fmt::format("[worker.oci] with binary = {} in {}", in_quotes(program), name);
  bool inside = false;
  for (std::string line : split(text.value_or(""), '\n')) {
    line.erase(std::remove_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\t'; }), line.end());
    if (line.starts_with('[')) inside = line.starts_with("[worker.oci]");
    if (inside && line.starts_with("binary=" + in_quotes(program))) return good("buildkitd runs " + program);
  }
  if (text) return bad(fmt::format("buildkitd runs runc: {} names another program, or none", name), lines);
  return note("the BuildKit inside dockerd runs its own runc, whatever the default runtime",
              "build with DOCKER_BUILDKIT=0, or with a buildkitd of its own: " + lines +
                  ", then docker buildx create --driver remote unix:///run/buildkit/buildkitd.sock");
}

std::span<const Check> checks() {
  return table;
}

}  // namespace hardened::ctl
