#include "attest/attest.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <vector>

#include "audit/log.h"
#include "oci/spec.h"
#include "state/init_process.h"
#include "state/store.h"
#include "util/fd.h"
#include "util/text.h"
#include "verify/look.h"

namespace hardened::attest {
namespace {

// Where the runtime keeps the container: where the grant was found, or may be.
std::vector<std::string> roots_of(const runtime::Invocation& invocation) {
  const std::string root = invocation.global("root");
  return root.empty() ? std::vector<std::string>{"/run/runc", "/run/crun"} : std::vector{root};
}

// Whoever calls this was led here by the grant's own link.
Result<state::Grant> find_grant(const runtime::Invocation& invocation, const std::string& state) {
  for (const std::string& root : roots_of(invocation)) {
    TRY(grant, state::load(root, invocation.id(), state));
    if (grant) return *std::move(grant);
  }
  return fail(Code::io, "cannot find the container's grant");
}

// With the first process its PID namespace goes. The number may be another process' by now: the descriptor is taken
// first, then the record is asked again.
void kill_container(const runtime::Invocation& invocation) {
  for (const std::string& root : roots_of(invocation)) {
    const auto init = state::init_of(root, invocation.id());
    if (!init) continue;
    const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, *init, 0)));  // its header is no C++ before glibc 2.37
    const auto again = state::init_of(root, invocation.id());
    if (process.valid() && again && *again == *init)
      ::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0);
  }
}

std::string told(const std::vector<verify::Weakness>& weaknesses) {
  std::vector<std::string> texts;
  for (const verify::Weakness& weakness : weaknesses)
    texts.push_back(std::string(weakness.control) + ": " + weakness.message);
  return join(texts, "; ");
}

Status compare(const state::Grant& grant, const verify::Looks& looks) {
  TRY_DO(state::init_of(grant.runtime_root, grant.id));
  TRY(weaknesses, verify::look(grant, looks));
  if (!weaknesses || weaknesses->empty()) return {};
  return fail(Code::refused,
              "refused by attest: the container was weaker than its grant, and was killed: " + told(*weaknesses),
              "look for what changed its spec, its cgroup or its processes behind hardened's back");
}

void record(const state::Grant& grant, const Error& error, const audit::Places& places) {
  audit::Record record;
  record.engine = grant.engine;
  record.container = grant.id;
  record.image = grant.image;
  record.profile = Spec(grant.profile).text("/name").value_or("");
  record.policy = grant.policy_digest;
  record.operation = "start";
  record.verdict = error.code == Code::refused ? audit::Verdict::refused : audit::Verdict::failed;
  record.message = error.message;
  static_cast<void>(audit::report(record, grant.audit, places));  // the start fails already; the log notes its own loss
}

}  // namespace

Status attest(const runtime::Invocation& invocation, const Settings& settings) {
  state::Grant grant;
  const auto attested = [&]() -> Status {
    try {
      TRY(found, find_grant(invocation, settings.state));
      grant = std::move(found);
      return compare(grant, settings.looks);
    } catch (const std::exception& error) {
      return fail(Code::internal, error.what());
    }
  }();
  if (attested) return {};
  kill_container(invocation);
  Error error = attested.error();
  if (error.code != Code::refused) error = std::move(error).because("cannot attest the container, and killed it");
  grant.id = invocation.id();
  record(grant, error, settings.audit);
  return tl::unexpected<Error>(std::move(error));
}

}  // namespace hardened::attest
