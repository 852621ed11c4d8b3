// hardenctl audit: read the audit log, hand it on, and see whether anybody was at it.
#include <fmt/format.h>

#include <deque>

#include "audit/verify.h"
#include "ctl/command.h"
#include "ctl/containers.h"
#include "ctl/export.h"
#include "ctl/follow.h"
#include "ctl/output.h"
#include "ctl/records.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t shown_at_first = 10;  // by follow, as tail(1) does

struct Options {
  LogFiles files;
  Filter filter;
  std::string format = "json";
  bool json = false;
};

Result<std::deque<Json>> select(const Options& options) {
  std::deque<Json> selected;
  TRY(unreadable, read_records(options.files, [&](Json record) {
        if (!matches(record, options.filter)) return;
        selected.push_back(std::move(record));
        if (options.filter.last != 0 && selected.size() > options.filter.last) selected.pop_front();
      }));
  complain_of_lines(unreadable);
  return selected;
}

Result<int> show(const Options& options) {
  TRY(selected, select(options));
  if (options.json) {
    for (const Json& record : selected) print_line(json_text(record));
    return fine;
  }
  Table table({"TIME", "VERDICT", "CALL", "CONTAINER", "IMAGE", "PROFILE", "NOTABLE"});
  for (const Json& record : selected) {
    const std::vector<std::string> sentences = notable(record);
    table.add({text(record, "time"), text(record, "verdict"), text(record, "operation"),
               shortened(text(record, "container")), text(record, "image"), text(record, "profile"),
               sentences.front()});
    for (std::size_t i = 1; i < sentences.size(); ++i) table.add({"", "", "", "", "", "", sentences[i]});
  }
  table.print();
  return fine;
}

// Nobody knows what is to come, so columns are as wide as most are.
void tell_as_it_comes(const Json& record) {
  const std::vector<std::size_t> widths{24, 7, 7, 12, 24, 10, 0};
  const std::vector<std::string> sentences = notable(record);
  print_line(
      row({text(record, "time"), text(record, "verdict"), text(record, "operation"),
           shortened(text(record, "container")), text(record, "image"), text(record, "profile"), sentences.front()},
          widths));
  for (std::size_t i = 1; i < sentences.size(); ++i) print_line(row({"", "", "", "", "", "", sentences[i]}, widths));
}

void tell_one(const Json& record, const Options& options) {
  if (options.format == "table") {
    tell_as_it_comes(record);
  } else {
    print_line(exported(record, options.format));
  }
}

Result<int> follow(const Options& options) {
  TRY(log, Follower::of(options.files.log));
  std::deque<Json> earlier;
  std::size_t unreadable = 0;
  bool caught_up = false;
  const auto take = [&](const std::string& line) {
    auto record = read_record(line);
    if (!record && !line.empty()) ++unreadable;
    if (!record || !matches(*record, options.filter)) return;
    if (caught_up) return tell_one(*record, options);
    earlier.push_back(*std::move(record));
    if (earlier.size() > options.filter.last) earlier.pop_front();
  };
  for (;;) {
    TRY_DO(log.read(take));
    for (const Json& record : earlier) tell_one(record, options);
    earlier.clear();
    caught_up = true;
    flush();
    complain_of_lines(std::exchange(unreadable, 0));
    TRY_DO(log.wait());
  }
}

Result<int> hand_on(const Options& options) {
  TRY(selected, select(options));
  for (const Json& record : selected) print_line(exported(record, options.format));
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
  TRY(report, audit::verify(options.files.log, options.files.older));
  if (options.json) {
    print(describe(report));
  } else {
    tell(report);
  }
  return report.intact() && !holds_none(report) ? fine : flawed;
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
  add_log_files(showing, options->files);
  add_filters(showing, options->filter);
  showing.add_flag("--json", options->json, "Print the records, one a line");
  showing.callback([options, &action] { action = [options] { return show(*options); }; });

  CLI::App& following = add(group, "follow", "Tell records as they are written, across rotations, until it is ended",
                            "  hardenctl audit follow\n"
                            "  hardenctl audit follow --verdict refused --last 0\n"
                            "  hardenctl audit follow --format syslog | logger --socket-errors=off\n"
                            "  hardenctl audit follow --json | jq --unbuffered .message\n");
  following.add_option("--file", options->files.log, "The log")->capture_default_str()->type_name("FILE");
  add_filters(following, options->filter);
  following.get_option("--last")->description("Of those that are there already only the last ones (default: 10)");
  following.add_option("--format", options->format, "table, json, syslog (RFC 5424) or cef (ArcSight)")
      ->default_str("table")
      ->check(CLI::IsMember({"table", "json", "syslog", "cef"}));
  following.add_flag("--json", options->json, "The same as --format json");
  following.callback([options, &following, &action] {
    if (following.count("--format") == 0) options->format = options->json ? "json" : "table";
    if (following.count("--last") == 0) options->filter.last = shown_at_first;
    action = [options] { return follow(*options); };
  });

  CLI::App& exporting = add(group, "export", "Hand records on to a log collector, one line each",
                            "  hardenctl audit export --format syslog | logger --socket-errors=off\n"
                            "  hardenctl audit export --format cef --verdict refused\n");
  add_log_files(exporting, options->files);
  add_filters(exporting, options->filter);
  exporting.add_option("--format", options->format, "json, syslog (RFC 5424) or cef (ArcSight)")
      ->capture_default_str()
      ->check(CLI::IsMember({"json", "syslog", "cef"}));
  exporting.callback([options, &action] { action = [options] { return hand_on(*options); }; });

  CLI::App& verifying = add(group, "verify", "Was any record altered, removed, moved or cut off? Ends with 1 if so",
                            "  hardenctl audit verify\n"
                            "  hardenctl audit verify --older /var/log/hardened/audit.jsonl.1\n");
  add_log_files(verifying, options->files);
  verifying.add_flag("--json", options->json, "Print JSON");
  verifying.callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace hardened::ctl
