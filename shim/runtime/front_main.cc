// hardened-runtime: the door. A small static program, because an engine calls its runtime four times a container and
// most calls only pass through. It decides from argv alone who goes on: the low-level runtime for verbs that give no
// rights, the rewriting program for the five that do.
#include <unistd.h>

#include <cerrno>
#include <span>

#include "runtime/handover.h"
#include "runtime/report.h"
#include "util/paths.h"

namespace {

using namespace hardened;

int end(const runtime::Invocation& invocation, const Error& error) {
  runtime::report_failure(invocation, runtime::user_message(error));
  return runtime::failure_status(invocation);
}

}  // namespace

int main(int argc, char* argv[]) {
  const runtime::Invocation invocation = runtime::parse({argv, static_cast<std::size_t>(argc)});
  if (invocation.error) return end(invocation, *invocation.error);
  if (invocation.verb == runtime::Verb::pass_through) return end(invocation, runtime::pass_through(invocation, argv));
  ::execve(paths::rewriter, argv, environ);
  return end(invocation, fail_errno(std::string("cannot run ") + paths::rewriter, errno).value());
}
