#include "ctl/records.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>

#include "audit/lines.h"
#include "ctl/export.h"
#include "ctl/output.h"
#include "oci/strict_json.h"
#include "util/fd.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

bool names_control(const Json& record, const std::string& control) {
  const Json findings = record.value("findings", Json::array());
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Json& finding) { return finding.is_object() && text(finding, "control") == control; });
}

// The beginning of a time as records have it, down to any of its parts; the "Z" at the end of a whole one goes.
const CLI::Validator time_of_a_record(
    [](std::string& text) -> std::string {
      if (text.size() > std::string_view("0000-00-00Z").size() && text.ends_with('Z')) text.pop_back();
      constexpr std::string_view form = "0000-00-00T00:00:00.000";
      constexpr std::size_t lengths[] = {10, 13, 16, 19, 23};
      bool fits = std::find(std::begin(lengths), std::end(lengths), text.size()) != std::end(lengths);
      for (std::size_t i = 0; fits && i < text.size(); ++i)
        fits = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
      return fits ? "" : in_quotes(text) + " is no time such as 2026-03-01 or 2026-03-01T12:00:00";
    },
    "TIME");

Status read_file(const std::string& path, const std::function<void(Json)>& each, std::size_t& unreadable) {
  TRY(file, open_at(AT_FDCWD, path, O_RDONLY));
  audit::Lines lines(file.get(), path);
  for (;;) {
    TRY(line, lines.next());
    if (!line) return {};
    if (auto record = read_record(*line)) {
      each(*std::move(record));
    } else if (!line->empty()) {
      ++unreadable;
    }
  }
}

}  // namespace

void add_log_files(CLI::App& command, LogFiles& files) {
  command.add_option("--file", files.log, "The log")->capture_default_str()->type_name("FILE");
  command.add_option("--older", files.older, "Rotated logs, oldest first")->type_name("FILE");
}

void add_filters(CLI::App& command, Filter& filter) {
  command.add_option("--container", filter.container, "Of this container (the beginning of its id)")->type_name("ID");
  command.add_option("--image", filter.image, "Of these images")->type_name("GLOB");
  command.add_option("--control", filter.control, "With a finding of this control")->type_name("ID");
  command.add_option("--verdict", filter.verdict, "With this verdict")
      ->check(CLI::IsMember({"allowed", "refused", "failed"}));
  command.add_option("--call", filter.operation, "Of this call")
      ->check(CLI::IsMember({"create", "run", "exec", "update", "restore", "start"}));
  command.add_option("--since", filter.since, "Not older (UTC): 2026-03-01 or 2026-03-01T12:00")
      ->transform(time_of_a_record);
  command.add_option("--until", filter.until, "Not younger")->transform(time_of_a_record);
  command.add_option("--last", filter.last, "Only the last ones")->type_name("COUNT");
}

// Times are RFC 3339 in UTC, of one form, and so compare as text; a date or hour is the beginning of one.
bool matches(const Json& record, const Filter& filter) {
  const std::string time = text(record, "time");
  return text(record, "container").starts_with(filter.container) &&
         (filter.image.empty() || glob_match(filter.image, text(record, "image"))) &&
         (filter.verdict.empty() || text(record, "verdict") == filter.verdict) &&
         (filter.operation.empty() || text(record, "operation") == filter.operation) &&
         (filter.control.empty() || names_control(record, filter.control)) &&
         (filter.since.empty() || time >= filter.since) &&
         (filter.until.empty() || time.substr(0, filter.until.size()) <= filter.until);
}

std::optional<Json> read_record(const std::string& line) {
  auto record = oci::parse_strict(line, "");
  if (!record || !record->value.is_object()) return std::nullopt;
  return std::move(record->value);
}

Result<std::size_t> read_records(const LogFiles& files, const std::function<void(Json)>& each) {
  std::size_t unreadable = 0;
  for (const std::string& path : files.older) TRY_DO(read_file(path, each, unreadable));
  TRY_DO(read_file(files.log, each, unreadable));
  return unreadable;
}

void complain_of_lines(std::size_t unreadable) {
  if (unreadable == 0) return;
  complain({Code::io, fmt::format("{} lines are no records", unreadable), "`hardenctl audit verify` tells"});
}

std::vector<std::string> notable(const Json& record) {
  std::vector<std::string> sentences;
  for (const Json& finding : record.value("findings", Json::array())) {
    if (!finding.is_object() || text(finding, "outcome") == "enforced") continue;
    sentences.push_back(
        fmt::format("{} {}: {}", text(finding, "outcome"), text(finding, "control"), text(finding, "reason")));
  }
  if (sentences.empty()) sentences.push_back(text(record, "message"));
  return sentences;
}

}  // namespace hardened::ctl
