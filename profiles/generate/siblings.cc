#include "generate/siblings.h"

#include <algorithm>

namespace hardened::generate {
namespace {

using Name = std::string_view;

constexpr Name opening[] = {"creat", "open", "openat", "openat2"};
constexpr Name status[] = {"fstat",      "fstat64", "fstatat64", "lstat", "lstat64",
                           "newfstatat", "stat",    "stat64",    "statx"};
constexpr Name accessing[] = {"access", "faccessat", "faccessat2"};
constexpr Name starting[] = {"clone", "clone3", "fork", "vfork"};
constexpr Name polling[] = {"poll", "ppoll", "ppoll_time64"};
constexpr Name selecting[] = {"_newselect", "pselect6", "pselect6_time64", "select"};
constexpr Name epoll_waiting[] = {"epoll_pwait", "epoll_pwait2", "epoll_wait"};
constexpr Name epoll_making[] = {"epoll_create", "epoll_create1"};
constexpr Name accepting[] = {"accept", "accept4"};
constexpr Name pipes[] = {"pipe", "pipe2"};
constexpr Name duplicating[] = {"dup2", "dup3"};
constexpr Name eventfds[] = {"eventfd", "eventfd2"};
constexpr Name signalfds[] = {"signalfd", "signalfd4"};
constexpr Name inotify[] = {"inotify_init", "inotify_init1"};
constexpr Name making_directories[] = {"mkdir", "mkdirat"};
constexpr Name renaming[] = {"rename", "renameat", "renameat2"};
constexpr Name removing[] = {"rmdir", "unlink", "unlinkat"};
constexpr Name linking[] = {"link", "linkat"};
constexpr Name symbolic_links[] = {"symlink", "symlinkat"};
constexpr Name reading_links[] = {"readlink", "readlinkat"};
constexpr Name modes[] = {"chmod", "fchmodat", "fchmodat2"};
constexpr Name owners[] = {"chown", "fchownat", "lchown"};
constexpr Name listing[] = {"getdents", "getdents64"};
constexpr Name limits[] = {"getrlimit", "prlimit64", "setrlimit", "ugetrlimit"};
constexpr Name stamps[] = {"futimesat", "utime", "utimensat", "utimensat_time64", "utimes"};
constexpr Name reading_clocks[] = {"clock_gettime", "clock_gettime64", "gettimeofday", "time"};
constexpr Name clock_steps[] = {"clock_getres", "clock_getres_time64"};
constexpr Name sleeping[] = {"clock_nanosleep", "clock_nanosleep_time64", "nanosleep"};
constexpr Name locks[] = {"futex", "futex_time64"};
constexpr Name many_messages[] = {"recvmmsg", "recvmmsg_time64"};
constexpr Name waiting_signals[] = {"rt_sigtimedwait", "rt_sigtimedwait_time64"};
constexpr Name semaphores[] = {"semop", "semtimedop", "semtimedop_time64"};
constexpr Name setting_timers[] = {"timer_settime", "timer_settime64"};
constexpr Name asking_timers[] = {"timer_gettime", "timer_gettime64"};
constexpr Name setting_timerfds[] = {"timerfd_settime", "timerfd_settime64"};
constexpr Name asking_timerfds[] = {"timerfd_gettime", "timerfd_gettime64"};
constexpr Name memory[] = {"mmap", "mmap2"};
constexpr Name positions[] = {"_llseek", "lseek"};
constexpr Name descriptors[] = {"fcntl", "fcntl64"};
constexpr Name waiting_children[] = {"wait4", "waitid", "waitpid"};
constexpr Name sending_files[] = {"sendfile", "sendfile64"};
constexpr Name truncating[] = {"ftruncate", "ftruncate64"};

constexpr std::span<const Name> families[] = {
    opening,         status,        accessing,      starting,       polling,
    selecting,       epoll_waiting, epoll_making,   accepting,      pipes,
    duplicating,     eventfds,      signalfds,      inotify,        making_directories,
    renaming,        removing,      linking,        symbolic_links, reading_links,
    modes,           owners,        listing,        limits,         stamps,
    reading_clocks,  clock_steps,   sleeping,       locks,          many_messages,
    waiting_signals, semaphores,    setting_timers, asking_timers,  setting_timerfds,
    asking_timerfds, memory,        positions,      descriptors,    waiting_children,
    sending_files,   truncating};

}  // namespace

std::span<const std::span<const Name>> sibling_families() {
  return families;
}

std::map<std::string, std::string> siblings_of(const std::set<std::string>& calls) {
  std::map<std::string, std::string> added;
  for (const auto& family : families) {
    const auto there =
        std::find_if(family.begin(), family.end(), [&calls](Name name) { return calls.contains(std::string(name)); });
    if (there == family.end()) continue;
    for (const Name name : family) {
      if (!calls.contains(std::string(name))) added.emplace(name, *there);
    }
  }
  return added;
}

}  // namespace hardened::generate
