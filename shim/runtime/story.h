// What the four verbs that can give a container rights share: the call, its audit record, and what it ends in.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "audit/log.h"
#include "controls/engine.h"
#include "host/facts.h"
#include "policy/policy.h"
#include "runtime/invocation.h"
#include "state/store.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::runtime {

struct Call {
  const Invocation& invocation;
  std::span<const char* const> argv;
  std::string program;  // basename of argv[0]: the name chooses the profile
};

// What a story comes to: the program this process becomes.
struct Handover {
  std::string runtime;
  std::vector<std::string> arguments;
  Fd document;  // the sealed document the runtime reads instead of the caller's; invalid when there is none
};

// One call's audit record, filled as the story learns more, so that a failure is recorded with what was known.
struct Account {
  audit::Record record;
  policy::AuditLog settings;
};

// The stories. On success the caller becomes `Handover::runtime` at once; on failure nothing has changed for the
// container, and the caller reports and records the error.
[[nodiscard]] Result<Handover> create(const Call& call, Account& account);  // create and run
[[nodiscard]] Result<Handover> exec(const Call& call, Account& account);
[[nodiscard]] Result<Handover> update(const Call& call, Account& account);
[[nodiscard]] Result<Handover> restore(const Call& call, Account& account);

// --- shared steps ---

// The --root in force: as given, or where this kind of runtime keeps its state.
[[nodiscard]] std::string runtime_root(const Invocation& invocation, host::RuntimeKind kind);

// The grant of the container `call` names, wherever its runtime keeps it; nothing when there is none.
[[nodiscard]] Result<std::optional<state::Grant>> load_grant(const Invocation& invocation);

// The policy a granted container lives under; without a grant (its state was lost), the built-in strict profile with no
// capability at all, so that nothing can be regained by deleting our state.
[[nodiscard]] Result<Policy> granted_policy(const std::optional<state::Grant>& grant);

// The first usable of the policy's runtimes (or of the usual places when it names none).
[[nodiscard]] Result<std::string> choose_runtime(const Policy& policy);

// The runtime that made the container `invocation` names: by its grant, else by its own record, else chosen.
[[nodiscard]] Result<std::string> runtime_of(const Invocation& invocation, const std::optional<state::Grant>& grant,
                                             const Policy& policy);

// Notes in the account whose call this is, as the grant tells.
void introduce(Account& account, const std::optional<state::Grant>& grant, const Policy& policy);
// Moves the decisions into the account. A refusal among them is the error, unless the policy only audits.
[[nodiscard]] Status note(Account& account, controls::Judgement& judgement, const Policy& policy);
// Writes the record of a call that goes ahead. An unwritable log is an error only where the policy says "refuse".
[[nodiscard]] Status write_record(Account& account);

// A sealed, anonymous file with `text`, and the path under which the runtime this process becomes can open it. Sealed:
// what was judged is what the runtime reads; anonymous: nothing to clean up, no name to race for.
[[nodiscard]] Result<Fd> sealed_document(const std::string& name, const std::string& text);
[[nodiscard]] std::string document_path(const Fd& document);

}  // namespace hardened::runtime
