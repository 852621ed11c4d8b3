// The audit log: one JSON line a decision, each chained to the one before (chain.h).
#pragma once

#include <chrono>
#include <string>

#include "audit/record.h"
#include "policy/policy.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/result.h"

namespace hardened::audit {

// Where the log is; tests give their own.
struct Places {
  std::string log = paths::audit_log;  // absolute; its directory is made (0750) where it is missing
  std::string state = paths::state;    // for the count of losses
  std::string syslog = "/dev/log";
  std::chrono::milliseconds patience = lock_patience;
};

// Reports `record` as the policy wishes: to syslog too when it says so, then to the log; a record that cannot be
// written is counted as lost. The error is returned only where the policy refuses what cannot be logged.
[[nodiscard]] Status report(const Record& record, const policy::AuditLog& wishes, const Places& places = {});

// Appends `record`. Not synced to disk: a power loss may cost the last records, which the chain then shows.
// Errors: the log, its head or their directory cannot be written or are not root's own (Code::io, Code::policy); what
// was written of the line is taken back.
[[nodiscard]] Status append(const Record& record, const Places& places = {});

}  // namespace hardened::audit
