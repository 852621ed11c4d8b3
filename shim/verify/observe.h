// What the kernel enforces on a running container, read from /proc, its cgroups and its mounts on the host's side:
// nothing the container says about itself is asked.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/seccomp_program.h"
#include "util/result.h"

namespace hardened::verify {

struct Limit {
  std::uint64_t soft = 0, hard = 0;  // RLIM_INFINITY: none
};

struct ProcessView {
  pid_t pid = 0;
  std::string name;                                   // comm(5): the container's own word, for messages only
  std::map<std::string, std::uint64_t> capabilities;  // by the set's name in the runtime-spec; bit N is capability N
  bool no_new_privileges = false;
  bool seccomp_filter = false;
  std::map<std::string, Limit> rlimits;             // by "RLIMIT_…", those that are checked
  std::vector<std::uint64_t> uids;                  // the host's: real, effective, saved, file system
  std::string uid_map, gid_map;                     // "0 1073741824 65536", one space between numbers
  std::map<std::string, std::uint64_t> namespaces;  // inode, by the name in /proc/PID/ns
};

struct CgroupView {
  static constexpr std::uint64_t unlimited = ~std::uint64_t{0};
  // Nothing: the cgroup has no such limit to set (the root cgroup; swap, where the kernel does not count it).
  std::optional<std::uint64_t> pids, memory, memory_and_swap;
  std::optional<double> cpus;
  bool every_device = false;  // version 1 only: in version 2 devices are decided by a program that cannot be read
};

struct ContainerView {
  ProcessView init;
  std::int64_t oom_score_adj = 0;
  std::string security_label;          // of AppArmor or SELinux; empty where there is none
  std::map<std::string, bool> mounts;  // the topmost mount at each path: is it read-only?
  // Of those that must be: the ones that this kernel has, and whose file system the container has.
  std::vector<std::string> masked_paths, read_only_paths;
  CgroupView cgroup;
  // Those of the first process, whose threads and children have them too. Nothing: not looked at, for copying them
  // stops the process, and observe() does not.
  std::optional<Result<std::vector<kernel::SeccompProgram>>> seccomp_programs;
  std::vector<ProcessView> others;  // every other thread in its cgroup, of processes brought in by exec or otherwise
};

// Nothing when the process ended meanwhile. Errors: Code::io.
[[nodiscard]] Result<std::optional<ContainerView>> observe(pid_t process);

// The namespaces of this process, as in ProcessView.
[[nodiscard]] std::map<std::string, std::uint64_t> own_namespaces();

}  // namespace hardened::verify
