#include "record/audit_listener.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "kernel/seccomp_record.h"
#include "record/audit_socket.h"
#include "record/audit_tally.h"
#include "util/child.h"

namespace hardened::record {
namespace {

using Clock = std::chrono::steady_clock;

void drain(AuditSocket& socket, AuditBoard& board, Tally& tally) {
  for (;;) {
    const AuditSocket::Message message = socket.next();
    if (message.heard == AuditSocket::Heard::nothing) return;
    if (message.heard == AuditSocket::Heard::failure) ::_exit(1);
    if (message.heard == AuditSocket::Heard::overrun) {
      ++board.overruns;
    } else {
      tally.take(message.type, message.text);
    }
  }
}

[[noreturn]] void listen(AuditSocket socket, AuditBoard& board, const std::string& run) {
  constexpr std::chrono::milliseconds patience{10'000};
  Tally tally(board);
  for (auto look = Clock::now() + patience;;) {
    socket.wait(static_cast<int>(patience.count()));
    drain(socket, board, tally);
    if (Clock::now() < look) continue;
    if (::access(run.c_str(), F_OK) != 0) ::_exit(0);  // nobody wants to know any more
    look = Clock::now() + patience;
  }
}

// Out of the session of whoever calls, with none of its descriptors: an engine waits for those to close.
void stay_behind(int socket) {
  ::setsid();
  if (::chdir("/") != 0) ::_exit(1);
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; ++standard) ::dup2(nothing, standard);
  const auto kept = static_cast<unsigned>(socket);
  ::syscall(SYS_close_range, STDERR_FILENO + 1, kept - 1, 0);
  ::syscall(SYS_close_range, kept + 1, ~0U, 0);
}

// A process whose only logged call is a record that comes after all that were made before: the kernel has one queue.
// Says on `board` which process it is.
pid_t make_mark(AuditBoard& board) {
  const pid_t child = ::fork();
  if (child != 0) return child;
  board.mark = ::getpid();
  if (!kernel::log_own_call(SYS_getppid)) ::_exit(1);
  ::getppid();
  ::_exit(0);
}

// Makes a mark, and waits until it was heard.
bool is_heard(AuditBoard& board, std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  const pid_t mark = make_mark(board);
  if (mark < 0 || await_child(mark, patience) != 0) return false;
  while (board.marked != mark) {
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace

Result<state::Process> begin_listening(const SharedBoard& board, const std::string& run) {
  TRY(given_up, records_given_up());
  board->kernel_lost = given_up;
  TRY(socket, AuditSocket::open(board->buffer));
  const pid_t listener = ::fork();
  if (listener < 0) return fail_errno("cannot fork", errno);
  if (listener == 0) {
    stay_behind(socket.descriptor());
    listen(std::move(socket), *board, run);
  }
  TRY(process, state::process_of(listener));
  if (is_heard(*board, std::chrono::seconds(2))) return process;
  end_listening(process);
  return fail(Code::policy, "the kernel's audit records of logged system calls do not come",
              "have \"log\" in /proc/sys/kernel/seccomp/actions_logged, and no audit rule that excludes type SECCOMP");
}

Status hear_the_rest(const SharedBoard& board, const state::Process& listener) {
  // Records of several processors may pass one another on their way, so that one is missing for a moment.
  constexpr int tries = 3;
  for (int i = 0; i < tries; ++i) {
    if (!state::may_be_alive(listener)) return fail(Code::io, "the process that reads the audit records was ended");
    if (is_heard(*board, std::chrono::seconds(2)) && board->missing == 0) return {};
  }
  if (board->missing != 0 || board->overruns != 0) return {};
  return fail(Code::io, "the process that reads the audit records did not come to their end in time");
}

void end_listening(const state::Process& listener) {
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, listener.pid, 0)));
  // Looked at after it was opened: then the number cannot have been given to another.
  if (process.valid() && state::may_be_alive(listener))
    ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
}

}  // namespace hardened::record
