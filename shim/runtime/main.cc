// hardened-runtime. An engine calls its runtime four times a container, and most calls only pass through: the argv
// alone decides that, before anything else is looked at. What create, run, exec, update and restore ask for is judged
// and rewritten first.
#include <algorithm>
#include <exception>
#include <span>
#include <string>

#include "runtime/handover.h"
#include "runtime/report.h"
#include "runtime/story.h"

namespace {

using namespace hardened;
using runtime::Verb;

struct Row {
  Verb verb;
  Result<runtime::Handover> (*story)(const runtime::Call&, runtime::Account&);
};

constexpr Row stories[] = {
    {Verb::create, runtime::create}, {Verb::run, runtime::create},      {Verb::exec, runtime::exec},
    {Verb::update, runtime::update}, {Verb::restore, runtime::restore},
};

std::string base_name(const char* path) {
  const std::string name = path != nullptr ? path : "";
  return name.substr(name.rfind('/') + 1);
}

Result<runtime::Handover> tell(const runtime::Call& call, runtime::Account& account) {
  try {
    const auto* row = std::find_if(std::begin(stories), std::end(stories),
                                   [&call](const Row& candidate) { return candidate.verb == call.invocation.verb; });
    return row->story(call, account);
  } catch (const std::exception& error) {
    return fail(Code::internal, std::string("cannot go on: ") + error.what(), "please report this as a bug");
  }
}

int end(const runtime::Invocation& invocation, runtime::Account& account, const Error& error) {
  const std::string message = runtime::user_message(error);
  account.record.verdict = error.code == Code::refused ? audit::Verdict::refused : audit::Verdict::failed;
  account.record.message = message;
  (void)audit::report(account.record, account.settings);  // the call fails already; the log notes its own loss
  runtime::report_failure(invocation, message);
  return runtime::failure_status(invocation);
}

}  // namespace

int main(int argc, char* argv[]) {
  const std::span<const char* const> arguments(argv, static_cast<std::size_t>(argc));
  const runtime::Invocation invocation = runtime::parse(arguments);
  if (!invocation.error && invocation.verb == Verb::pass_through) {
    const Error failure = runtime::pass_through(invocation, argv);
    runtime::report_failure(invocation, runtime::user_message(failure));
    return runtime::failure_status(invocation);
  }
  runtime::Account account;
  account.record.operation = invocation.verb_name;
  account.record.container = invocation.id();
  if (invocation.error) return end(invocation, account, *invocation.error);
  const runtime::Call call{invocation, arguments, base_name(argc > 0 ? argv[0] : nullptr)};
  const Result<runtime::Handover> handover = tell(call, account);
  if (!handover) return end(invocation, account, handover.error());
  const std::optional<int> keep =
      handover->document.valid() ? std::optional<int>(handover->document.get()) : std::nullopt;
  return end(invocation, account, runtime::become(handover->runtime, invocation, handover->arguments, keep));
}
