// hardened-attest: what start, kill and delete of a container reach first whose profile says "attest", with the
// runtime's own command line. A start is the runtime's, and then ours to confirm; everything else is handed on.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <string>

#include "attest/attest.h"
#include "runtime/handover.h"
#include "runtime/invocation.h"
#include "runtime/report.h"
#include "util/fd.h"

namespace {

using namespace hardened;

// The exit status of `child`, or 128 and the number of the signal that ended it.
int status_of(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int become_runtime(const runtime::Invocation& invocation, char* argv[]) {
  const Error failure = runtime::pass_through(invocation, argv);
  runtime::report_failure(invocation, runtime::user_message(failure));
  return runtime::failure_status(invocation);
}

int start(const runtime::Invocation& invocation, char* argv[]) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(become_runtime(invocation, argv));
  return child < 0 ? runtime::failure_status(invocation) : status_of(child);
}

// Waits for word of the start and attests it. Without any, because who would have sent it was killed, it attests as
// well: in a session of its own, so that what kills that one does not find this one too.
int guard(int word, const runtime::Invocation& invocation) {
  ::setsid();
  char started = 1;
  while (::read(word, &started, 1) < 0 && errno == EINTR) {
  }
  if (started == 0) return 0;
  const Status confirmed = attest::attest(invocation);
  if (confirmed) return 0;
  runtime::report_failure(invocation, runtime::user_message(confirmed.error()));
  return runtime::failure_status(invocation);
}

int fail_to_attest(const runtime::Invocation& invocation, const std::string& message) {
  runtime::report_failure(invocation, "hardened: cannot attest the container" + message);
  return runtime::failure_status(invocation);
}

int attested_start(const runtime::Invocation& invocation, char* argv[]) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail_to_attest(invocation, ": cannot make a pipe");
  const Fd heard(ends[0]);
  Fd told(ends[1]);
  const pid_t watcher = ::fork();
  if (watcher < 0) return fail_to_attest(invocation, ": cannot make a process");
  if (watcher == 0) {
    told = Fd();
    ::_exit(guard(heard.get(), invocation));
  }
  const int status = start(invocation, argv);
  const char started = status == 0 ? 1 : 0;
  static_cast<void>(::write(told.get(), &started, 1) == 1);  // who cannot hear it has ended, which is seen below
  const int attested = status_of(watcher);
  if (status != 0) return status;
  constexpr int signalled = 128;
  if (attested < signalled) return attested;
  return fail_to_attest(invocation, attest::kill(invocation) ? ", and killed it: the attester was killed"
                                                             : ", nor kill it: the attester was killed");
}

}  // namespace

int main(int argc, char* argv[]) {
  const runtime::Invocation invocation =
      runtime::parse(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
  return invocation.verb_name == "start" ? attested_start(invocation, argv) : become_runtime(invocation, argv);
}
