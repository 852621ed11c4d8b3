#include "runtime/options.h"

namespace hardened::runtime {
namespace {

// Sources: runc 1.0.3 to 1.5-rc (create.go run.go exec.go update.go restore.go main.go), crun 1.8 to 1.29 (src/*.c).
constexpr Option globals[] = {
    {"cgroup-manager", "", Arity::value},  // crun
    {"criu", "", Arity::value},            // runc 1.0, 1.1
    {"debug", "", Arity::flag},           {"help", "h", Arity::flag},      {"log", "", Arity::value},
    {"log-format", "", Arity::value},     {"log-level", "", Arity::value},  // crun
    {"root", "", Arity::value},           {"rootless", "", Arity::value},  {"systemd-cgroup", "", Arity::flag},
    {"version", "v", Arity::flag},
};

// --no-pivot leaves the host's file system reachable below the container's root; --no-new-keyring lends the container
// the caller's session keyring; crun's --config names a spec other than the one we rewrite.
constexpr Option create_options[] = {
    {"bundle", "b", Arity::value},     {"config", "f", Arity::forbidden},        {"console-socket", "", Arity::value},
    {"help", "h", Arity::flag},        {"no-new-keyring", "", Arity::forbidden}, {"no-pivot", "", Arity::forbidden},
    {"no-subreaper", "", Arity::flag},  // crun
    {"pid-file", "", Arity::value},    {"pidfd-socket", "", Arity::value},       {"preserve-fds", "", Arity::value},
};

constexpr Option run_options[] = {
    {"bundle", "b", Arity::value},
    {"config", "f", Arity::forbidden},
    {"console-socket", "", Arity::value},
    {"detach", "d", Arity::flag},
    {"help", "h", Arity::flag},
    {"keep", "", Arity::flag},
    {"no-new-keyring", "", Arity::forbidden},
    {"no-pivot", "", Arity::forbidden},
    {"no-subreaper", "", Arity::flag},
    {"pid-file", "", Arity::value},
    {"pidfd-socket", "", Arity::value},
    {"preserve-fds", "", Arity::value},
};

constexpr Option restore_options[] = {
    {"auto-dedup", "", Arity::flag},
    {"bundle", "b", Arity::value},
    {"console-socket", "", Arity::value},
    {"detach", "d", Arity::flag},
    {"empty-ns", "", Arity::value},
    {"ext-unix-sk", "", Arity::flag},
    {"file-locks", "", Arity::flag},
    {"help", "h", Arity::flag},
    {"image-path", "", Arity::value},
    {"lazy-pages", "", Arity::flag},
    {"lsm-mount-context", "", Arity::value},
    {"lsm-profile", "", Arity::value},
    {"manage-cgroups-mode", "", Arity::value},
    {"no-pivot", "", Arity::forbidden},
    {"no-subreaper", "", Arity::flag},
    {"pid-file", "", Arity::value},
    {"shell-job", "", Arity::flag},
    {"tcp-close", "", Arity::flag},  // crun
    {"tcp-established", "", Arity::flag},
    {"work-path", "", Arity::value},
};

constexpr Option exec_options[] = {
    {"additional-gids", "g", Arity::value},
    {"apparmor", "", Arity::value},
    {"cap", "c", Arity::value},
    {"cgroup", "", Arity::value},
    {"console-socket", "", Arity::value},
    {"cwd", "", Arity::value},
    {"detach", "d", Arity::flag},
    {"env", "e", Arity::value},
    {"help", "h", Arity::flag},
    {"ignore-paused", "", Arity::flag},
    {"no-new-privs", "", Arity::flag},
    {"no-subreaper", "", Arity::flag},  // runc 1.0
    {"pid-file", "", Arity::value},
    {"pidfd-socket", "", Arity::value},
    {"preserve-fds", "", Arity::value},
    {"process", "p", Arity::value},
    {"process-label", "", Arity::value},
    {"tty", "t", Arity::optional},
    {"user", "u", Arity::value},
};

constexpr Option update_options[] = {
    {"blkio-weight", "", Arity::value},
    {"cpu-burst", "", Arity::value},
    {"cpu-idle", "", Arity::value},
    {"cpu-period", "", Arity::value},
    {"cpu-quota", "", Arity::value},
    {"cpu-rt-period", "", Arity::value},
    {"cpu-rt-runtime", "", Arity::value},
    {"cpu-share", "", Arity::value},
    {"cpuset-cpus", "", Arity::value},
    {"cpuset-mems", "", Arity::value},
    {"help", "h", Arity::flag},
    {"kernel-memory", "", Arity::value},
    {"kernel-memory-tcp", "", Arity::value},
    {"l3-cache-schema", "", Arity::value},
    {"mem-bw-schema", "", Arity::value},
    {"memory", "", Arity::value},
    {"memory-reservation", "", Arity::value},
    {"memory-swap", "", Arity::value},
    {"pids-limit", "", Arity::value},
    {"resources", "r", Arity::value},
};

// Those of checkpoint, events, list and ps that take a value: what follows is not the container's id.
constexpr Option passed_options[] = {
    {"empty-ns", "", Arity::value},
    {"format", "", Arity::value},
    {"image-path", "", Arity::value},
    {"interval", "", Arity::value},
    {"manage-cgroups-mode", "", Arity::value},
    {"page-server", "", Arity::value},
    {"parent-path", "", Arity::value},
    {"status-fd", "", Arity::value},
    {"work-path", "", Arity::value},
};

constexpr VerbTable verbs[] = {
    {"create", Verb::create, create_options, true},    {"exec", Verb::exec, exec_options, false},
    {"restore", Verb::restore, restore_options, true}, {"run", Verb::run, run_options, true},
    {"update", Verb::update, update_options, true},
};

}  // namespace

std::span<const Option> global_options() {
  return globals;
}
std::span<const Option> pass_through_options() {
  return passed_options;
}
std::span<const VerbTable> verb_tables() {
  return verbs;
}

const Option* find_option(std::span<const Option> options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name || (!option.alias.empty() && option.alias == name)) return &option;
  }
  return nullptr;
}

}  // namespace hardened::runtime
