// hardened-attest: what start, kill and delete of a container reach first whose profile says "attest", with the
// runtime's own command line. A start is the runtime's, and then ours to confirm; everything else is handed on.
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <span>

#include "attest/attest.h"
#include "runtime/handover.h"
#include "runtime/invocation.h"
#include "runtime/report.h"

namespace {

using namespace hardened;

int become_runtime(const runtime::Invocation& invocation, char* argv[]) {
  const Error failure = runtime::pass_through(invocation, argv);
  runtime::report_failure(invocation, runtime::user_message(failure));
  return runtime::failure_status(invocation);
}

// The runtime's own exit status, or 128 and the number of the signal that ended it.
int start(const runtime::Invocation& invocation, char* argv[]) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(become_runtime(invocation, argv));
  int status = 0;
  while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (child < 0) return runtime::failure_status(invocation);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

int main(int argc, char* argv[]) {
  const runtime::Invocation invocation =
      runtime::parse(std::span<const char* const>(argv, static_cast<std::size_t>(argc)));
  if (invocation.verb_name != "start") return become_runtime(invocation, argv);
  if (const int status = start(invocation, argv); status != 0) return status;
  const Status confirmed = attest::attest(invocation);
  if (confirmed) return 0;
  runtime::report_failure(invocation, runtime::user_message(confirmed.error()));
  return runtime::failure_status(invocation);
}
