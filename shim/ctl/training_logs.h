// Which training logs a command is about.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "generate/evidence.h"
#include "util/paths.h"

namespace hardened::ctl {

struct LogChoice {
  std::string directory = paths::training;
  std::vector<std::string> files;     // instead of the directory's
  std::vector<std::string> audit;     // audit logs, instead of training logs; "-": standard input
  std::vector<std::string> strace;    // the same of strace's output
  std::vector<std::string> programs;  // of these: only records of the programs (globs)
  std::vector<std::string> images;    // globs
  std::vector<std::string> runs;      // ids, or how they begin
  generate::Demands demands;
};

// Adds the options that fill `choice`, but for the positional files.
void add_log_options(CLI::App& command, LogChoice& choice);

// The logs in `directory`, by name. Errors: Code::io; also where nothing was recorded yet.
[[nodiscard]] Result<std::vector<std::string>> training_files(const std::string& directory);

// The runs chosen, read and merged. Lines that are no run are complained about. Errors: nothing chosen, a run or image
// that is not there, and those of generate::gather().
[[nodiscard]] Result<generate::Evidence> read_training(const LogChoice& choice);

}  // namespace hardened::ctl
