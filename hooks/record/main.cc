// hardened-record: what start, kill and delete of a container in training mode reach first, with the runtime's own
// command line, and what create asks for a place with "expect". Whatever happens in its part, even a crash, it then
// becomes the runtime: a container stays startable, killable and deletable.
#include <unistd.h>

#include <chrono>
#include <exception>
#include <span>
#include <string>

#include "record/steps.h"
#include "runtime/handover.h"
#include "runtime/invocation.h"
#include "runtime/report.h"
#include "util/child.h"
#include "util/file.h"
#include "util/paths.h"

namespace {

using namespace hardened;

const record::Places places{paths::state, paths::training};

Result<std::string> expect() {
  constexpr std::size_t largest = std::size_t{1} << 20;
  TRY(text, read_all(STDIN_FILENO, largest, "the container's description"));
  return record::expect(text, places);
}

int tell_create() {
  const auto expected = expect();
  std::string answer = expected ? *expected : expected.error().message;
  if (!expected && !expected.error().hint.empty()) answer += " (" + expected.error().hint + ")";
  static_cast<void>(write_all(STDOUT_FILENO, answer, "the answer"));
  return expected ? 0 : 1;
}

[[noreturn]] void take_step(const runtime::Invocation& invocation) {
  try {
    ::_exit(record::step(invocation, places) ? 0 : 1);
  } catch (const std::exception&) {
    ::_exit(1);  // silent: standard output and error are the container's
  }
}

// In a process of its own, which has its time and no more.
void record_step(const runtime::Invocation& invocation) {
  constexpr std::chrono::seconds patience{10};  // an engine does not wait for ever until its container is deleted
  const pid_t child = ::fork();
  if (child == 0) take_step(invocation);
  if (child > 0) await_child(child, patience);
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  if (argc == 2 && std::string(argv[1]) == "expect") return tell_create();
  const runtime::Invocation invocation = runtime::parse(arguments);
  record_step(invocation);
  const Error failure = runtime::pass_through(invocation, argv);
  runtime::report_failure(invocation, runtime::user_message(failure));
  return runtime::failure_status(invocation);
}
