// One decision as the audit log tells it (profiles/schemas/audit.schema.json).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controls/engine.h"
#include "oci/json.h"
#include "policy/policy.h"

namespace hardened::audit {

enum class Verdict {
  allowed,  // handed on to the runtime, hardened
  refused,  // by a control
  failed,   // an error ended the call before the runtime ran
};

[[nodiscard]] std::string_view verdict_name(Verdict verdict);

struct Record {
  std::string engine;     // "docker", …
  std::string container;  // id
  std::string image;      // as the user typed it; empty when unknown
  std::string profile;    // name
  std::string policy;     // digest
  std::string operation;  // "create", "run", "exec", "update", "restore" or "start" (attested)
  Verdict verdict = Verdict::failed;
  policy::Mode mode = policy::Mode::enforce;
  std::vector<controls::Decision> decisions;
  std::string message;  // of a refusal or failure, as the user reads it
};

// Which findings are told.
enum class Detail {
  everything,
  notable,  // all but the silent tightening of an engine's defaults
};

// The record without time and chain. Whatever is called "env" is masked wherever it stands in a value, since
// environments carry secrets; long values are replaced by their size and digest, long texts cut, findings beyond the
// first 1000 counted.
[[nodiscard]] Json describe(const Record& record, Detail detail = Detail::everything);

}  // namespace hardened::audit
