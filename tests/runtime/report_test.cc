#include "runtime/report.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "catch.h"
#include "oci/strict_json.h"
#include "runtime/command_line.h"
#include "temporary.h"

using namespace hardened;
using hardened::testing::read_text;
using hardened::testing::TemporaryDirectory;

namespace {

// What `report_failure` says on stderr when it is called as `line`.
std::string on_stderr(const TemporaryDirectory& directory, const std::string& line, const std::string& message) {
  const std::string path = directory.path("stderr");
  const int saved = ::dup(STDERR_FILENO);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ::dup2(file, STDERR_FILENO);
  runtime::report_failure(testing::CommandLine(line).invocation, message);
  ::dup2(saved, STDERR_FILENO);
  ::close(saved);
  ::close(file);
  return read_text(path);
}

}  // namespace

TEST_CASE("report: what a user reads names the program, what went wrong, and how to mend it") {
  CHECK(runtime::user_message({Code::refused, "refused by pids: too many; ask for less", ""}) ==
        "hardened: refused by pids: too many; ask for less");
  CHECK(runtime::user_message({Code::policy, "cannot read the policy", "mend it"}) ==
        "hardened: cannot read the policy; mend it");
}

TEST_CASE("report: with --log-format json the log holds one object a line, whatever the message is") {
  const TemporaryDirectory directory;
  const std::string log = directory.path("log");
  const std::string line = "--log " + log + " --log-format json create --bundle /b ID";
  for (const std::string message :
       {"plain", "with \"quotes\" and \\ and /", "two\nlines\tand\x01 more\x7f", "naïve – ſ", ""}) {
    INFO(message);
    ::unlink(log.c_str());
    CHECK(on_stderr(directory, line, message).empty());
    const std::string text = read_text(log);
    REQUIRE(text.ends_with('\n'));
    CHECK(text.find('\n') == text.size() - 1);
    const auto document = oci::parse_strict(text, "the log");
    REQUIRE(document);
    CHECK(document->value.at("level") == "error");
    CHECK(document->value.at("msg") == message);
    // RFC 3339 in UTC: containerd and Podman parse it.
    CHECK(document->value.at("time").get<std::string>().size() >= std::string("2026-01-01T00:00:00Z").size());
    CHECK(document->value.at("time").get<std::string>().ends_with('Z'));
  }
}

TEST_CASE("report: any other log is text as logrus writes it, and is appended to") {
  const TemporaryDirectory directory;
  const std::string log = directory.path("log");
  for (const std::string format : {"", "--log-format text ", "--log-format=nonsense "})
    CHECK(on_stderr(directory, "--log " + log + " " + format + "run ID", "cannot \"do\" it").empty());
  const std::string text = read_text(log);
  std::size_t lines = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1, ++lines) {
    CHECK(text.compare(at, 6, "time=\"") == 0);
    CHECK(text.find("level=error msg=\"cannot \\\"do\\\" it\"\n", at) < text.find('\n', at));
  }
  CHECK(lines == 3);
}

TEST_CASE("report: a failure is told on stderr where there is no log to tell it in") {
  const TemporaryDirectory directory;
  REQUIRE(::mkfifo(directory.path("fifo").c_str(), 0600) == 0);
  const std::vector<std::string> lines = {
      "create --bundle /b ID",                               // no --log
      "--log " + directory.path("missing/log") + " run ID",  // in a directory that does not exist
      "--log " + directory.path() + " run ID",               // a directory
      "--log " + directory.path("fifo") + " create ID",      // a FIFO nobody reads: it must not hang either
  };
  for (const std::string& line : lines) {
    INFO(line);
    CHECK(on_stderr(directory, line, "hardened: cannot go on") == "hardened: cannot go on\n");
  }
}

TEST_CASE("report: an update that fails is told in both places") {
  const TemporaryDirectory directory;
  const std::string log = directory.path("log");
  CHECK(on_stderr(directory, "--log " + log + " update --memory 1g ID", "no") == "no\n");
  CHECK(read_text(log).find("msg=\"no\"") != std::string::npos);
}

TEST_CASE("report: only exec's failure differs from any status of the command it runs") {
  struct Row {
    const char* line;
    int status;
  };
  for (const Row& row :
       {Row{"create ID", 1}, Row{"exec ID sh", 255}, Row{"update ID", 1}, Row{"kill ID", 1}, Row{"", 1}})
    CHECK(runtime::failure_status(testing::CommandLine(row.line).invocation) == row.status);
}
