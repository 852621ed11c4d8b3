// hardenctl audit: read the audit log, hand it on, and see whether anybody was at it.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "audit/lines.h"
#include "audit/verify.h"
#include "ctl/command.h"
#include "ctl/export.h"
#include "ctl/output.h"
#include "oci/strict_json.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  std::string log = paths::audit_log;
  std::vector<std::string> older;
  std::string container, image, control, verdict, operation, since, until;
  std::size_t last = 0;
  std::string format = "json";
  bool json = false;
};

bool names_control(const Json& record, const std::string& control) {
  const Json findings = record.value("findings", Json::array());
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Json& finding) { return finding.is_object() && text(finding, "control") == control; });
}

// Times are RFC 3339 in UTC, of one form, and so compare as text; a date or hour is the beginning of one.
bool matches(const Json& record, const Options& options) {
  const std::string time = text(record, "time");
  return text(record, "container").starts_with(options.container) &&
         (options.image.empty() || glob_match(options.image, text(record, "image"))) &&
         (options.verdict.empty() || text(record, "verdict") == options.verdict) &&
         (options.operation.empty() || text(record, "operation") == options.operation) &&
         (options.control.empty() || names_control(record, options.control)) &&
         (options.since.empty() || time >= options.since) &&
         (options.until.empty() || time.substr(0, options.until.size()) <= options.until);
}

struct Selection {
  std::deque<Json> records;
  std::size_t unreadable = 0;  // lines
};

Status read(const std::string& path, const Options& options, Selection& selection) {
  TRY(file, open_at(AT_FDCWD, path, O_RDONLY));
  audit::Lines lines(file.get(), path);
  for (;;) {
    TRY(line, lines.next());
    if (!line) return {};
    auto record = oci::parse_strict(*line, path);
    if (!record || !record->value.is_object()) {
      selection.unreadable += line->empty() ? 0 : 1;
    } else if (matches(record->value, options)) {
      selection.records.push_back(std::move(record->value));
      if (options.last != 0 && selection.records.size() > options.last) selection.records.pop_front();
    }
  }
}

Result<Selection> select(const Options& options) {
  Selection selection;
  for (const std::string& path : options.older) TRY_DO(read(path, options, selection));
  TRY_DO(read(options.log, options, selection));
  if (selection.unreadable != 0)
    complain(
        {Code::io, fmt::format("{} lines are no records", selection.unreadable), "`hardenctl audit verify` tells"});
  return selection;
}

// What the user asked for, and what became of it; an engine's defaults are tightened in every container.
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

Result<int> show(const Options& options) {
  TRY(selection, select(options));
  if (options.json) {
    for (const Json& record : selection.records)
      print_line(record.dump(-1, ' ', false, Json::error_handler_t::replace));
    return fine;
  }
  constexpr std::size_t short_id = 12;  // as docker ps prints it
  Table table({"TIME", "VERDICT", "CALL", "CONTAINER", "IMAGE", "PROFILE", "NOTABLE"});
  for (const Json& record : selection.records) {
    const std::vector<std::string> sentences = notable(record);
    table.add({text(record, "time"), text(record, "verdict"), text(record, "operation"),
               text(record, "container").substr(0, short_id), text(record, "image"), text(record, "profile"),
               sentences.front()});
    for (std::size_t i = 1; i < sentences.size(); ++i) table.add({"", "", "", "", "", "", sentences[i]});
  }
  table.print();
  return fine;
}

Result<int> hand_on(const Options& options) {
  TRY(selection, select(options));
  for (const Json& record : selection.records) print_line(exported(record, options.format));
  return fine;
}

// Bytes that are no record may be a write that was cut off; nothing else than such bytes is not a log.
bool holds_none(const audit::VerifyReport& report) {
  return report.records == 0 && report.torn != 0;
}

Json describe(const audit::VerifyReport& report) {
  Json document = {{"intact", report.intact() && !holds_none(report)},
                   {"records", report.records},
                   {"first", report.first_seq},
                   {"last", report.last.seq},
                   {"torn", report.torn},
                   {"restarts", report.restarts},
                   {"lost", report.lost}};
  if (!report.intact()) {
    document["file"] = report.file;
    document["line"] = report.line;
    document["flaw"] = report.message;
  }
  return document;
}

void tell(const audit::VerifyReport& report) {
  if (report.intact() && holds_none(report)) return print_line(report.file + ": holds no record");
  if (!report.intact()) {
    print_line(report.line == 0 ? fmt::format("{}: {}", report.file, report.message)
                                : fmt::format("{}:{}: {}", report.file, report.line, report.message));
    return;
  }
  print_line(fmt::format("intact: records {} to {}", report.first_seq, report.last.seq));
  if (report.torn != 0) print_line(fmt::format("{} writes were cut off by a power loss or a kill", report.torn));
  if (report.lost != 0) print_line(fmt::format("{} decisions could not be logged", report.lost));
  if (report.restarts != 0)
    print_line(fmt::format("the head file was missing {} times: what stood before may have been cut", report.restarts));
}

Result<int> verify(const Options& options) {
  TRY(report, audit::verify(options.log, options.older));
  if (options.json) {
    print(describe(report));
  } else {
    tell(report);
  }
  return report.intact() && !holds_none(report) ? fine : flawed;
}

// The beginning of a time as records have it, down to any of its parts.
const CLI::Validator time_of_a_record(
    [](const std::string& text) -> std::string {
      constexpr std::string_view form = "0000-00-00T00:00:00.000";
      constexpr std::size_t lengths[] = {10, 13, 16, 19, 23};
      bool fits = std::find(std::begin(lengths), std::end(lengths), text.size()) != std::end(lengths);
      for (std::size_t i = 0; fits && i < text.size(); ++i)
        fits = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
      return fits ? "" : in_quotes(text) + " is no time such as 2026-03-01 or 2026-03-01T12:00:00";
    },
    "TIME");

void add_files(CLI::App& command, Options& options) {
  command.add_option("--file", options.log, "The log")->capture_default_str()->type_name("FILE");
  command.add_option("--older", options.older, "Rotated logs, oldest first")->type_name("FILE");
}

void add_filters(CLI::App& command, Options& options) {
  command.add_option("--container", options.container, "Of this container (the beginning of its id)")->type_name("ID");
  command.add_option("--image", options.image, "Of these images")->type_name("GLOB");
  command.add_option("--control", options.control, "With a finding of this control")->type_name("ID");
  command.add_option("--verdict", options.verdict, "With this verdict")
      ->check(CLI::IsMember({"allowed", "refused", "failed"}));
  command.add_option("--call", options.operation, "Of this call")
      ->check(CLI::IsMember({"create", "run", "exec", "update", "restore"}));
  command.add_option("--since", options.since, "Not older (UTC): 2026-03-01 or 2026-03-01T12:00")
      ->check(time_of_a_record);
  command.add_option("--until", options.until, "Not younger")->check(time_of_a_record);
  command.add_option("--last", options.last, "Only the last ones")->type_name("COUNT");
}

}  // namespace

void add_audit(CLI::App& app, Action& action) {
  CLI::App& group = *app.add_subcommand("audit", "Read, export and verify the audit log");
  group.require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App& showing = add(group, "show", "What was decided, and why",
                          "  hardenctl audit show --verdict refused --since 2026-03-01\n"
                          "  hardenctl audit show --container 3f2a --json\n"
                          "  hardenctl audit show --control seccomp --last 20\n");
  add_files(showing, *options);
  add_filters(showing, *options);
  showing.add_flag("--json", options->json, "Print the records, one a line");
  showing.callback([options, &action] { action = [options] { return show(*options); }; });

  CLI::App& exporting = add(group, "export", "Hand records on to a log collector, one line each",
                            "  hardenctl audit export --format syslog | logger --socket-errors=off\n"
                            "  hardenctl audit export --format cef --verdict refused\n");
  add_files(exporting, *options);
  add_filters(exporting, *options);
  exporting.add_option("--format", options->format, "json, syslog (RFC 5424) or cef (ArcSight)")
      ->capture_default_str()
      ->check(CLI::IsMember({"json", "syslog", "cef"}));
  exporting.callback([options, &action] { action = [options] { return hand_on(*options); }; });

  CLI::App& verifying = add(group, "verify", "Was any record altered, removed, moved or cut off? Ends with 1 if so",
                            "  hardenctl audit verify\n"
                            "  hardenctl audit verify --older /var/log/hardened/audit.jsonl.1\n");
  add_files(verifying, *options);
  verifying.add_flag("--json", options->json, "Print JSON");
  verifying.callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace hardened::ctl
