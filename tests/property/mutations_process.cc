// What a user or an engine may say about the process.
#include <cstdint>
#include <limits>
#include <string>

#include "mutation.h"

namespace hardened::property {
namespace {

constexpr const char* capability_sets[] = {"bounding", "effective", "permitted", "inheritable", "ambient"};

void add_capability(Random& random, Sample& sample) {
  constexpr const char* names[] = {
      "CAP_SYS_ADMIN",  "CAP_NET_ADMIN", "CAP_CHOWN", "CAP_NET_RAW",          "CAP_BPF",
      "CAP_SYS_PTRACE", "CAP_KILL",      "CAP_MKNOD", "CAP_NET_BIND_SERVICE", "CAP_SETUID"};
  for (const char* set : capability_sets) {
    if (!once_in(random, 3))
      list_in(object_in(process_of(sample), "capabilities"), set).push_back(one_of(random, names));
  }
}

void odd_capability(Random& random, Sample& sample) {
  constexpr const char* names[] = {"cap_chown", "CHOWN", "ALL", "CAP_ALL", "", "CAP_CHOWN ", "CAP_63", "CAP_CHOWN=ep"};
  list_in(object_in(process_of(sample), "capabilities"), one_of(random, capability_sets))
      .push_back(one_of(random, names));
}

void no_capabilities(Random&, Sample& sample) {
  process_of(sample).erase("capabilities");
}

void lost_set(Random& random, Sample& sample) {
  object_in(process_of(sample), "capabilities").erase(one_of(random, capability_sets));
}

void no_new_privileges(Random& random, Sample& sample) {
  process_of(sample)["noNewPrivileges"] = once_in(random, 2);
}

void user(Random& random, Sample& sample) {
  constexpr long long ids[] = {0, 1, 1000, 1000, 65534, 65534, 4294967294LL, 4294967295LL, -1};
  Json& user = object_in(process_of(sample), "user");
  user = {{"uid", one_of(random, ids)}};
  if (!once_in(random, 4)) user["gid"] = one_of(random, ids);
  if (once_in(random, 2)) user["additionalGids"] = {one_of(random, ids), 0, 103, 0};
  if (once_in(random, 4)) user["umask"] = 0;
}

void oom_score(Random& random, Sample& sample) {
  constexpr long long scores[] = {-1000, -1, 0, 500, 1000};
  process_of(sample)["oomScoreAdj"] = one_of(random, scores);
}

void working_directory(Random& random, Sample& sample) {
  constexpr const char* directories[] = {"/",
                                         "/app",
                                         "/app/",
                                         "//app//x",
                                         "/proc/self/fd/7",
                                         "/proc",
                                         "/srv/../proc/1",
                                         "",
                                         ".",
                                         "//proc/self/fd/8",
                                         "/./proc/self/fd/8"};
  process_of(sample)["cwd"] = one_of(random, directories);
}

void scheduling(Random& random, Sample& sample) {
  Json& process = process_of(sample);
  if (once_in(random, 2)) process["scheduler"] = {{"policy", "SCHED_FIFO"}, {"priority", 10}};
  if (once_in(random, 3)) process["scheduler"] = {{"policy", "SCHED_OTHER"}, {"nice", -20}};
  if (once_in(random, 2)) process["ioPriority"] = {{"class", "IOPRIO_CLASS_RT"}, {"priority", 0}};
  if (once_in(random, 2)) process["execCPUAffinity"] = {{"initial", "0-3"}};
}

// The same kind may come twice: runtimes set one after the other, so the last counts.
void rlimits(Random& random, Sample& sample) {
  constexpr const char* types[] = {"RLIMIT_NOFILE", "RLIMIT_CORE", "RLIMIT_NPROC", "RLIMIT_MEMLOCK",
                                   "RLIMIT_RTPRIO", "RLIMIT_NICE", "RLIMIT_STACK"};
  Json& list = list_in(process_of(sample), "rlimits");
  for (std::size_t i = 1 + pick(random, 2); i > 0; --i) {
    const auto hard = static_cast<std::uint64_t>(amount(random));
    const std::uint64_t soft = once_in(random, 5) ? std::numeric_limits<std::uint64_t>::max() : hard / 2;
    list.push_back({{"type", one_of(random, types)}, {"hard", hard}, {"soft", soft}});
  }
  if (once_in(random, 8)) list.push_back({{"type", "RLIMIT_FOO"}, {"hard", 1}, {"soft", 1}});
  if (once_in(random, 8)) list.push_back({{"hard", 1}});
  if (once_in(random, 8)) list.push_back({{"type", "RLIMIT_NOFILE"}, {"soft", -1}});
}

void apparmor(Random& random, Sample& sample) {
  constexpr const char* profiles[] = {"", "unconfined", "docker-default", "mine", "not-loaded", ":ns://unconfined"};
  process_of(sample)["apparmorProfile"] = one_of(random, profiles);
  sample.facts.apparmor = once_in(random, 2);
  sample.facts.apparmor_profiles = {"docker-default", "mine"};
}

void selinux(Random& random, Sample& sample) {
  constexpr const char* labels[] = {"", "system_u:system_r:container_t:s0:c1,c2",
                                    "unconfined_u:unconfined_r:unconfined_t:s0", "system_u:system_r:spc_t:s0",
                                    "container_t"};
  process_of(sample)["selinuxLabel"] = one_of(random, labels);
  linux_of(sample)["mountLabel"] = one_of(random, labels);
  sample.facts.selinux = once_in(random, 2);
}

void environment(Random& random, Sample& sample) {
  constexpr const char* variables[] = {"A=1", "PATH=/bin", "LISTEN_FDS=3",
                                       "=x",  "NOVALUE",   "DB_PASSWORD=hunter2hunter2"};
  list_in(process_of(sample), "env").push_back(one_of(random, variables));
}

constexpr Mutation table[] = {
    {"add-capability", add_capability},
    {"odd-capability", odd_capability},
    {"no-capabilities", no_capabilities},
    {"lost-set", lost_set},
    {"no-new-privileges", no_new_privileges},
    {"user", user},
    {"oom-score", oom_score},
    {"cwd", working_directory},
    {"scheduling", scheduling},
    {"rlimits", rlimits},
    {"apparmor", apparmor},
    {"selinux", selinux},
    {"environment", environment},
};

}  // namespace

std::span<const Mutation> process_mutations() {
  return table;
}

}  // namespace hardened::property
