#include "util/command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "util/fd.h"

namespace hardened {
namespace {

Result<pid_t> start(std::vector<std::string>& argv, int output, const CommandOptions& options) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (options.input >= 0) {
    posix_spawn_file_actions_adddup2(&actions, options.input, STDIN_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  if (options.errors) {
    posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  } else {
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  }
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::vector<char*> arguments;
  for (std::string& argument : argv) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  char* const environment[] = {nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, arguments[0], &actions, nullptr, arguments.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("cannot run " + argv[0], error);
  return child;
}

using Clock = std::chrono::steady_clock;

// Waits until there is something to read from `fd` (a process's descriptor: until it has ended).
bool ready_before(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

tl::unexpected<Error> too_slow(const std::string& program) {
  return fail(Code::io, "cannot wait any longer for " + program);
}

// What comes out of `fd` until its end.
Result<std::string> read_before(int fd, Clock::time_point deadline, const std::string& program, std::size_t limit) {
  std::string output;
  while (output.size() <= limit) {
    if (!ready_before(fd, deadline)) return too_slow(program);
    char buffer[4096];
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) return output;
    output.append(buffer, static_cast<std::size_t>(count));
  }
  return fail(Code::io, "cannot use what " + program + " says: more than " + std::to_string(limit) + " bytes");
}

// One that has closed its output may still run.
bool ends_before(pid_t child, Clock::time_point deadline) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));  // close on exec by itself
  return process.valid() && ready_before(process.get(), deadline);
}

}  // namespace

Result<CommandOutput> run_command(std::vector<std::string> argv, const CommandOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  TRY(child, start(argv, writing.get(), options));
  writing = Fd();
  const auto deadline = Clock::now() + options.patience;
  Result<std::string> text = read_before(reading.get(), deadline, argv[0], options.limit);
  if (text && !ends_before(child, deadline)) text = too_slow(argv[0]);
  if (!text) ::kill(child, SIGKILL);  // it must not outlive us
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!text) return tl::unexpected<Error>(std::move(text).error());
  return CommandOutput{*std::move(text), WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status)};
}

}  // namespace hardened
