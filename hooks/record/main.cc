// hardened-record: what start, kill and delete of a container in training mode reach first, with the runtime's own
// command line, and what create asks for a place with "expect". As "hardened-hook record" it is an OCI hook. Whatever
// happens in its part, even a crash, it then becomes the runtime: a container stays startable, killable and deletable.
#include <unistd.h>

#include <chrono>
#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "record/hook.h"
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

// As an OCI hook, whose standard error the runtime tells of where it fails.
int serve_as_hook(std::span<const char* const> arguments) {
  constexpr std::size_t largest = std::size_t{1} << 20;
  const auto state = read_all(STDIN_FILENO, largest, "the container's state");
  const bool is_record = arguments.size() == 2 && std::string_view(arguments[1]) == "record";
  const Status done = !is_record ? fail(Code::usage, "the only hook is \"record\"")
                      : state    ? record::hook(*state, places)
                                 : Status(tl::unexpected(state.error()));
  if (done) return 0;
  std::string text = "hardened-hook: cannot record the container: " + done.error().message;
  if (!done.error().hint.empty()) text += " (" + done.error().hint + ")";
  static_cast<void>(write_all(STDERR_FILENO, text + "\n", "the error"));
  return 1;
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  if (argc == 2 && std::string(argv[1]) == "expect") return tell_create();
  if (argc > 0 && std::string_view(argv[0]).ends_with("hardened-hook")) return serve_as_hook(arguments);
  const runtime::Invocation invocation = runtime::parse(arguments);
  record_step(invocation);
  const Error failure = runtime::pass_through(invocation, argv);
  runtime::report_failure(invocation, runtime::user_message(failure));
  return runtime::failure_status(invocation);
}
