// The training log: profiles/schemas/training.schema.json.
#pragma once

#include <string>

#include "oci/json.h"
#include "record/observed.h"
#include "record/peaks.h"
#include "record/runs.h"
#include "record/writes.h"
#include "util/result.h"

namespace hardened::record {

// All that is known of a run at its end; what could not be learned is said in `lost` of its parts.
struct Ending {
  std::string ended;   // RFC 3339
  std::string kernel;  // release
  Observed observed;
  Writes writes;
  Peaks peaks;
};

[[nodiscard]] Json log_of(const Run& run, const Ending& ending);

// Writes it as DIRECTORY/RUN.jsonl, root only, whole or not at all. Errors: Code::io; Code::policy when the directory
// is not root's own.
[[nodiscard]] Status write_log(const Run& run, const Ending& ending, const std::string& directory);

}  // namespace hardened::record
