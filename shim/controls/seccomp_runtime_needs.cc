#include "controls/seccomp_runtime_needs.h"

#include <algorithm>
#include <span>
#include <tuple>

namespace hardened::controls {
namespace {

using Names = std::span<const std::string_view>;
using Version = std::tuple<int, int, int>;

// Without these no program runs, whoever starts it; rt_sigreturn and restart_syscall come from the kernel's own return
// path, and a container that may not exit spins for ever (moby #40205).
constexpr std::string_view everyone[] = {"execve", "exit", "exit_group", "restart_syscall", "rt_sigreturn"};

// Measured on runc 1.1.5 (create, start and exec); the memory and signal calls are what the Go runtime may do at any
// moment.
constexpr std::string_view runc_any[] = {
    "close",     "epoll_ctl", "fstatfs", "futex",          "getdents64",  "getpid",      "madvise", "mmap", "munmap",
    "nanosleep", "openat",    "read",    "rt_sigprocmask", "sched_yield", "sigaltstack", "tgkill",  "write"};

// The fifo is reopened and descriptors are closed through a handle of procfs since the fixes of CVE-2025-31133 and its
// siblings: 1.2.8, 1.3.3 and 1.4.0.
constexpr std::string_view runc_procfs_handle[] = {"dup3",   "faccessat2", "fcntl",      "fstat",
                                                   "gettid", "newfstatat", "readlinkat", "statx"};

// The first two of these do not go on without openat2 (runc #4984); all later ones do (filepath-securejoin 0.5.2 asks
// anew behind the filter). A program must not have it: no filter sees its mode, which may be set-user-ID.
constexpr std::string_view runc_openat2[] = {"openat2"};

// Measured on crun 1.8.1; later ones close descriptors with close_range.
constexpr std::string_view crun_any[] = {"close", "close_range", "read", "umask", "write"};

struct Row {
  host::RuntimeKind kind;
  Version since;
  Version before;
  Names names;
};
constexpr Version first{0, 0, 0};
constexpr Version last{1 << 30, 0, 0};
const Row rows[] = {
    {host::RuntimeKind::runc, first, last, runc_any},
    {host::RuntimeKind::runc, {1, 2, 8}, {1, 3, 0}, runc_procfs_handle},
    {host::RuntimeKind::runc, {1, 3, 3}, last, runc_procfs_handle},
    {host::RuntimeKind::runc, {1, 2, 8}, {1, 2, 9}, runc_openat2},
    {host::RuntimeKind::runc, {1, 3, 3}, {1, 3, 4}, runc_openat2},
    {host::RuntimeKind::crun, first, last, crun_any},
};

}  // namespace

std::vector<std::string_view> runtime_needs(const host::RuntimeFact& runtime) {
  const Version version{runtime.major, runtime.minor, runtime.patch};
  const bool unknown_version = version == first;
  std::vector<std::string_view> needs(std::begin(everyone), std::end(everyone));
  for (const Row& row : rows) {
    const bool may_be_it = runtime.kind == host::RuntimeKind::other || runtime.kind == row.kind;
    const bool any_version = runtime.kind == host::RuntimeKind::other || unknown_version;
    if (may_be_it && (any_version || (version >= row.since && version < row.before)))
      needs.insert(needs.end(), row.names.begin(), row.names.end());
  }
  std::sort(needs.begin(), needs.end());
  needs.erase(std::unique(needs.begin(), needs.end()), needs.end());
  return needs;
}

}  // namespace hardened::controls
