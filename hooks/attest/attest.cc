#include "attest/attest.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <exception>
#include <thread>
#include <vector>

#include "audit/log.h"
#include "oci/spec.h"
#include "state/init_process.h"
#include "state/key.h"
#include "state/store.h"
#include "util/child.h"
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

// Waits until `process` has ended and, as engines do not take a container for stopped before, been reaped.
void await_end(const Fd& process, pid_t number) {
  constexpr int patience = 1000;  // milliseconds
  pollfd ended{process.get(), POLLIN, 0};
  static_cast<void>(::poll(&ended, 1, patience));
  const std::string directory = "/proc/" + std::to_string(number);
  for (int waited = 0; waited < patience && ::access(directory.c_str(), F_OK) == 0; ++waited)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

// The number may be another process' by now: the descriptor is taken first, then the record is asked again.
bool kill_init(const std::string& root, const std::string& id) {
  const auto init = state::init_of(root, id);
  if (!init) return false;
  const Fd process(static_cast<int>(::syscall(SYS_pidfd_open, *init, 0)));  // its header is no C++ before glibc 2.37
  const auto again = state::init_of(root, id);
  if (!process.valid() || !again || *again != *init) return false;
  if (::syscall(SYS_pidfd_send_signal, process.get(), SIGKILL, nullptr, 0) != 0) return false;
  await_end(process, *init);
  return true;
}

// For when the runtime's record is not to be trusted by us: by its cgroup it finds what it made.
bool kill_by_runtime(const std::string& root, const std::string& id, const std::string& state) {
  const std::string runtime = state::grant_directory(state, root, id) + "/" + state::behind_link;
  const auto end = run_child(runtime, {"--root", root, "kill", id, "KILL"}, -1, {std::chrono::seconds(10), 4096});
  return end && end->status == 0;
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
  return fail(Code::refused, told(*weaknesses),
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
  const bool killed = kill(invocation, settings);
  Error error = attested.error();
  if (error.code == Code::refused) {
    error.message = (killed ? "refused by attest: the container was weaker than its grant, and was killed: "
                            : "refused by attest: the container is weaker than its grant, and cannot be killed: ") +
                    error.message;
  } else {
    error = std::move(error).because(killed ? "cannot attest the container, and killed it"
                                            : "cannot attest the container, nor kill it");
  }
  grant.id = invocation.id();
  record(grant, error, settings.audit);
  return tl::unexpected<Error>(std::move(error));
}

bool kill(const runtime::Invocation& invocation, const Settings& settings) {
  const std::vector<std::string> roots = roots_of(invocation);
  const std::string id = invocation.id();
  // With the first process its PID namespace goes.
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) { return kill_init(root, id); }) ||
         std::any_of(roots.begin(), roots.end(),
                     [&](const std::string& root) { return kill_by_runtime(root, id, settings.state); });
}

}  // namespace hardened::attest
