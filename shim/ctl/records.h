// The records of the audit log, as commands read them.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "oci/json.h"
#include "util/paths.h"
#include "util/result.h"

namespace hardened::ctl {

// Which log.
struct LogFiles {
  std::string log = paths::audit_log;
  std::vector<std::string> older;
};

// --file and --older.
void add_log_files(CLI::App& command, LogFiles& files);

// Which of its records; an empty member excludes none.
struct Filter {
  std::string container, image, control, verdict, operation, since, until;
  std::size_t last = 0;  // the last ones only; 0: all
};

// The options that fill `filter`.
void add_filters(CLI::App& command, Filter& filter);

// Is it one of them? --last is the caller's.
[[nodiscard]] bool matches(const Json& record, const Filter& filter);

// A record from its line; nothing where the line is none.
[[nodiscard]] std::optional<Json> read_record(const std::string& line);

// Hands every record of the files to `each`, oldest first. How many lines are no records. Errors: Code::io.
[[nodiscard]] Result<std::size_t> read_records(const LogFiles& files, const std::function<void(Json)>& each);

// Says so on standard error, if there are any.
void complain_of_lines(std::size_t unreadable);

// What is worth telling of a record, a sentence each, at least one: what the user asked for and what became of it; an
// engine's defaults are tightened in every container.
[[nodiscard]] std::vector<std::string> notable(const Json& record);

}  // namespace hardened::ctl
