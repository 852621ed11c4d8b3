#include "kernel/user_namespace.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "util/file.h"

namespace hardened::kernel {
namespace {

// clone(2) with CLONE_NEWUSER failed: Code::policy where this host has no user namespaces to give, now and later.
// Where there are none left, some have to end first.
tl::unexpected<Error> no_namespace(int error) {
  constexpr char what[] = "cannot make a user namespace";
  if (error == ENOSYS || error == EINVAL || error == EPERM || error == EUSERS)
    return fail_errno(what, error, Code::policy);
  if (error != ENOSPC) return fail_errno(what, error);
  const auto limit = open_at(AT_FDCWD, "/proc/sys/user/max_user_namespaces", O_RDONLY);
  const auto most = limit ? read_all(limit->get(), 64, "user.max_user_namespaces") : std::string();
  if (!most) return fail_errno(what, error);
  return fail_errno(fmt::format("{}: user.max_user_namespaces is {}", what, most->substr(0, most->find('\n'))), error,
                    most->starts_with("0") ? Code::policy : Code::io);
}

struct Pipe {
  int reading = -1;
  int writing = -1;
  char byte = 0;
};

// Waits for the other end of the pipe to be closed. It shares our memory, errno too, and so neither returns into the C
// library nor calls what a sanitizer intercepts.
int inhabit(void* argument) {
  Pipe& pipe = *static_cast<Pipe*>(argument);
  if (::syscall(SYS_close, pipe.writing) == 0) ::syscall(SYS_read, pipe.reading, &pipe.byte, 1);  // else for itself
  for (;;) ::syscall(SYS_exit_group, 0);
}

// A child that does nothing but be in its user namespace. It ends when the pipe is closed, also by our death.
class Inhabitant {
 public:
  static Result<Inhabitant> start() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
    Fd reading(ends[0]);
    Fd writing(ends[1]);
    // Any process with user id 0 here has all capabilities over a namespace that we made, and so might open the child's
    // memory, which is ours (/proc/PID/mem). Where we are not dumpable, it needs CAP_SYS_PTRACE here for that. The next
    // execve(2) undoes it.
    if (::prctl(PR_SET_DUMPABLE, 0) != 0) return fail_errno("cannot protect the memory of this process", errno);
    // fork(2) and unshare(2) in one: the namespace is there when the number of the child is. It shares our memory, or
    // each page that we write afterwards would be copied first; what it uses of that outlives this call.
    alignas(16) static char stack[16384];
    static Pipe pipe;
    pipe = {reading.get(), writing.get()};
    const pid_t child = ::clone(inhabit, stack + sizeof stack, CLONE_NEWUSER | CLONE_VM | SIGCHLD, &pipe);
    if (child < 0) return no_namespace(errno);
    return Inhabitant(child, std::move(writing));
  }

  Inhabitant(Inhabitant&& other) noexcept : pid_(std::exchange(other.pid_, 0)), pipe_(std::move(other.pipe_)) {}
  Inhabitant& operator=(Inhabitant&&) = delete;
  ~Inhabitant() {
    if (pid_ == 0) return;
    // It ends by that; who could not close the pipe would wait for ever.
    if (::close(pipe_.release()) != 0) ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }

  [[nodiscard]] std::string file(const char* name) const { return fmt::format("/proc/{}/{}", pid_, name); }

 private:
  Inhabitant(pid_t pid, Fd pipe) : pid_(pid), pipe_(std::move(pipe)) {}
  pid_t pid_;
  Fd pipe_;
};

Status write_map(const std::string& path, std::uint32_t first, std::uint32_t size) {
  const std::string text = fmt::format("0 {} {}", first, size);
  TRY(file, open_at(AT_FDCWD, path, O_WRONLY));
  // The kernel takes a mapping in one write or not at all.
  if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_errno(fmt::format("cannot map {} ids from {} on", size, first), errno,
                      errno == EPERM || errno == EINVAL ? Code::policy : Code::io);
  return {};
}

}  // namespace

Result<Fd> make_user_namespace(const IdMapping& mapping) {
  TRY(inhabitant, Inhabitant::start());
  TRY_DO(write_map(inhabitant.file("uid_map"), mapping.uid, mapping.size));
  TRY_DO(write_map(inhabitant.file("gid_map"), mapping.gid, mapping.size));
  return open_at(AT_FDCWD, inhabitant.file("ns/user"), O_RDONLY);
}

}  // namespace hardened::kernel
