#include "util/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "util/fd.h"

namespace hardened {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

Milliseconds left_until(Clock::time_point deadline) {
  return std::max(Milliseconds(0), std::chrono::duration_cast<Milliseconds>(deadline - Clock::now()));
}

Result<pid_t> spawn(const std::string& path, std::vector<std::string> arguments, int input, int output, bool errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (input < 0) {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  } else {
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
  }
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (errors) {
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  arguments.insert(arguments.begin(), path);
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  // A service's: Docker 26's dockerd looks for its docker-proxy there, and calls a configuration wrong without.
  char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  char* const environment[] = {path_variable, nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, path.c_str(), &actions, nullptr, argv.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("cannot run " + path, error);
  return child;
}

// What comes out of `fd` until its end; nothing when it cannot be read, or the deadline or the limit is met first.
std::optional<std::string> read_until(int fd, Clock::time_point deadline, std::size_t limit) {
  std::string output;
  while (output.size() <= limit) {
    pollfd waiting{fd, POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(left_until(deadline).count()));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return std::nullopt;
    char buffer[1024];
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count == 0) return output;
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::nullopt;
    output.append(buffer, static_cast<std::size_t>(count));
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> await_child(pid_t pid, Milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  for (;;) {
    pollfd waiting{process.get(), POLLIN, 0};
    const int ready = process.valid() ? ::poll(&waiting, 1, static_cast<int>(left_until(deadline).count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) ::kill(pid, SIGKILL);
    break;
  }
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return std::nullopt;  // a caller that ignores SIGCHLD never learns it
  }
  return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

Result<ChildEnd> run_child(const std::string& path, const std::vector<std::string>& arguments, int input,
                           const ChildLimits& limits) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const auto deadline = Clock::now() + limits.patience;
  TRY(child, spawn(path, arguments, input, writing.get(), limits.errors));
  writing = Fd();
  const auto output = read_until(reading.get(), deadline, limits.output);
  const auto status = await_child(child, left_until(deadline));
  return output ? ChildEnd{*output, status} : ChildEnd{};
}

}  // namespace hardened
