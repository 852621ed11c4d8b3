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

// Has it ended? It stays to be waited for.
inline bool ended(pid_t child) {
  siginfo_t told{};
  return ::waitid(P_PID, static_cast<id_t>(child), &told, WEXITED | WNOHANG | WNOWAIT) == 0 && told.si_pid == child;
}

inline void kill_and_reap(pid_t child) {
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
}

// A process that has done `work` and waits to be looked at; gone with this object.
class Subject {
 public:
  explicit Subject(const std::function<bool()>& work) {
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("pipe");
    pid_ = testing::start([&] {
      const char done = work() ? 'y' : 'n';
      if (::write(ends[1], &done, 1) != 1) return false;
      for (;;) ::pause();
    });
    ::close(ends[1]);
    char answer = 'n';
    ready_ = ::read(ends[0], &answer, 1) == 1 && answer == 'y';
    ::close(ends[0]);
  }
  Subject(const Subject&) = delete;
  Subject& operator=(const Subject&) = delete;
  ~Subject() { testing::kill_and_reap(pid_); }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] bool ready() const { return ready_; }

 private:
  pid_t pid_ = -1;
  bool ready_ = false;
};

// Runs `work` with a tmpfs of `size` ("64k") mounted on `path`, in a mount namespace of its own; its result.
inline bool on_small_disk(const std::string& path, const std::string& size, const std::function<bool()>& work) {
  return succeeded(start([&] {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", path.c_str(), "tmpfs", 0, ("mode=0700,size=" + size).c_str()) == 0 && work();
  }));
}

}  // namespace hardened::testing
