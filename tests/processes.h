// Running pieces of a test in processes of their own, to race and to kill them.
#pragma once

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <string>

namespace hardened::testing {

// Forks a child that runs `work` and exits with 0 when it returned true. Without the parent's exit handlers: the test
// framework and the leak checker belong to the parent.
inline pid_t start(const std::function<bool()>& work) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  ::_exit(work() ? 0 : 1);
}

// Waits for `child`; true when it exited with 0.
inline bool succeeded(pid_t child) {
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

inline void kill_and_reap(pid_t child) {
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

// Runs `work` with a tmpfs of `size` ("64k") mounted on `path`, in a mount namespace of its own; its result.
inline bool on_small_disk(const std::string& path, const std::string& size, const std::function<bool()>& work) {
  return succeeded(start([&] {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", path.c_str(), "tmpfs", 0, ("mode=0700,size=" + size).c_str()) == 0 && work();
  }));
}

}  // namespace hardened::testing
