#include "runtime/story.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "policy/load.h"
#include "runtime/handover.h"
#include "runtime/known_names.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

constexpr host::RuntimeKind kinds[] = {host::RuntimeKind::runc, host::RuntimeKind::crun};

}  // namespace

std::string runtime_root(const Invocation& invocation, host::RuntimeKind kind) {
  const std::string root = invocation.global("root");
  if (!root.empty()) return root;
  return kind == host::RuntimeKind::crun ? "/run/crun" : "/run/runc";
}

Result<std::optional<state::Grant>> load_grant(const Invocation& invocation) {
  for (const host::RuntimeKind kind : kinds) {
    TRY(grant, state::load(runtime_root(invocation, kind), invocation.id()));
    if (grant) return grant;
  }
  return std::nullopt;
}

Result<Policy> granted_policy(const std::optional<state::Grant>& grant) {
  Policy policy;
  if (!grant) {
    TRY(strict, policy::built_in("strict", known_names()));
    policy.profile = std::move(strict);
    policy.profile.capabilities.clear();
    return policy;
  }
  TRY(profile, policy::decode_profile(grant->profile));
  policy.profile = std::move(profile);
  // Whatever the profile would allow: never more than create gave.
  policy.profile.capabilities = Spec(grant->process).strings("/capabilities/bounding");
  policy.mode = grant->mode;
  policy.levels = grant->levels;
  policy.waivers = grant->waivers;
  policy.audit = grant->audit;
  policy.digest = grant->policy_digest;
  return policy;
}

Result<std::string> choose_runtime(const Policy& policy) {
  const std::vector<std::string> usual(usual_runtimes().begin(), usual_runtimes().end());
  const std::vector<std::string>& candidates = policy.runtimes.empty() ? usual : policy.runtimes;
  for (const std::string& path : candidates) {
    if (is_usable_runtime(path)) return path;
  }
  return fail(Code::policy, "cannot find a low-level runtime among " + join(candidates, ", "),
              "install runc, or name the absolute path of runc or crun in \"runtimes\" of the policy");
}

Result<std::string> runtime_of(const Invocation& invocation, const std::optional<state::Grant>& grant,
                               const Policy& policy) {
  if (grant) return grant->runtime;
  const std::string recorded = recorded_runtime(invocation.global("root"), invocation.id());
  return recorded.empty() ? choose_runtime(policy) : recorded;
}

void introduce(Account& account, const std::optional<state::Grant>& grant, const Policy& policy) {
  account.settings = policy.audit;
  account.record.profile = policy.profile.name;
  account.record.policy = policy.digest;
  account.record.mode = policy.mode;
  if (!grant) return;
  account.record.engine = grant->engine;
  account.record.image = grant->image;
}

Status note(Account& account, controls::Judgement& judgement, const Policy& policy) {
  const controls::Decision* refusal = judgement.refusal();
  Status goes_on;
  if (refusal != nullptr && policy.mode != policy::Mode::audit)
    goes_on = fail(Code::refused, controls::refusal_text(*refusal));
  account.record.decisions = std::move(judgement.decisions);
  return goes_on;
}

Status write_record(Account& account) {
  account.record.verdict = audit::Verdict::allowed;
  const Status reported = audit::report(account.record, account.settings);
  if (reported) return {};
  return fail(Code::policy,
              "cannot write the audit log, and the policy says \"refuse\" then: " + reported.error().message,
              "make the log writable, or set \"when_unwritable\" to \"continue\"");
}

Result<Fd> sealed_document(const std::string& name, const std::string& text) {
  Fd file(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file.valid()) return fail_errno("cannot make an anonymous file", errno);
  TRY_DO(write_all(file.get(), text, name));
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0)
    return fail_errno("cannot seal an anonymous file", errno);
  // Far above what --preserve-fds hands to the container.
  constexpr int first = 1100;
  Fd high(::fcntl(file.get(), F_DUPFD_CLOEXEC, first));
  return high.valid() ? std::move(high) : std::move(file);
}

std::string document_path(const Fd& document) {
  return "/proc/self/fd/" + std::to_string(document.get());
}

}  // namespace hardened::runtime
