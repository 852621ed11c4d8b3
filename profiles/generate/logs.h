// Training logs as text, to runs.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "generate/training_log.h"

namespace hardened::generate {

struct Logs {
  std::vector<Run> runs;                       // each id once
  std::set<std::string> ids;                   // of the runs
  std::map<std::string, std::string> digests;  // SHA-256 of each file, by its name
  std::vector<Error> damaged;                  // lines that are no run: "FILE:LINE: …"
  std::size_t repeated = 0;                    // runs met once more
};

// Adds the runs of `text`, one JSON line each; a damaged or foreign line is put down in `logs.damaged`, never fatal.
void add_log(Logs& logs, const std::string& name, std::string_view text);

// Adds one run that is read already; a run of a known id only counts as repeated.
void add_run(Logs& logs, Run run);

}  // namespace hardened::generate
