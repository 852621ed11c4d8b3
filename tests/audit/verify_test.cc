#include "audit/verify.h"

#include <functional>

#include "catch.h"
#include "example.h"
#include "util/hash.h"

using namespace hardened;
using audit::Flaw;
using testing::Log;
namespace fs = std::filesystem;
using Lines = std::vector<std::string>;

namespace {

void replace(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("verify: each kind of tampering is found, and stays found when logging goes on") {
  struct Row {
    const char* sentence;
    std::function<void(Lines&)> tamper;
    Flaw flaw;
    std::size_t line;
    const char* message;
  };
  const Row rows[] = {
      {"nothing", [](Lines&) {}, Flaw::none, 5, ""},
      {"a verdict was altered", [](Lines& lines) { replace(lines[1], "allowed", "refused"); }, Flaw::altered, 3,
       "record 2, or the link to it, is not what was written"},
      {"one character in the first", [](Lines& lines) { replace(lines[0], "docker", "dockes"); }, Flaw::altered, 2,
       "record 1, or the link to it, is not what was written"},
      {"white space only", [](Lines& lines) { replace(lines[2], ":", ": "); }, Flaw::altered, 4,
       "record 3, or the link to it, is not what was written"},
      {"the last one", [](Lines& lines) { replace(lines[4], "allowed", "refused"); }, Flaw::altered, 5,
       "record 5 is not what was written"},
      {"a link", [](Lines& lines) { replace(lines[0], std::string(64, '0'), std::string(64, '1')); }, Flaw::altered, 1,
       "record 0, or the link to it, is not what was written"},
      {"a record made unreadable", [](Lines& lines) { lines[2] = "#" + lines[2]; }, Flaw::altered, 4,
       "what stands before record 4 is not what was written"},
      {"garbage put between", [](Lines& lines) { lines.insert(lines.begin() + 2, "garbage"); }, Flaw::altered, 4,
       "what stands before record 3 is not what was written"},
      {"the first removed", [](Lines& lines) { lines.erase(lines.begin()); }, Flaw::removed, 1,
       "record 2 stands where record 1 was written"},
      {"one removed", [](Lines& lines) { lines.erase(lines.begin() + 2); }, Flaw::removed, 3,
       "record 4 stands where record 3 was written"},
      {"two removed", [](Lines& lines) { lines.erase(lines.begin() + 1, lines.begin() + 3); }, Flaw::removed, 2,
       "record 4 stands where record 2 was written"},
      {"two exchanged", [](Lines& lines) { std::swap(lines[1], lines[3]); }, Flaw::reordered, 2,
       "record 4 stands where record 2 was written"},
      {"one written twice", [](Lines& lines) { lines.insert(lines.begin() + 2, lines[1]); }, Flaw::reordered, 3,
       "record 2 stands where record 3 was written"},
      {"the last cut off", [](Lines& lines) { lines.pop_back(); }, Flaw::truncated, 4,
       "the log ends with record 4, but 5 were written"},
      {"all but the first cut off", [](Lines& lines) { lines.resize(1); }, Flaw::truncated, 1,
       "the log ends with record 1, but 5 were written"},
      {"the last made a fragment", [](Lines& lines) { lines[4].resize(20); }, Flaw::altered, 5,
       "the log ends with record 4, but 5 were written"},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    const Log log;
    REQUIRE(log.append_all(5));
    Lines lines = log.lines();
    row.tamper(lines);
    log.set_lines(lines);
    const auto report = log.verify();
    CHECK(static_cast<int>(report.flaw) == static_cast<int>(row.flaw));
    CHECK(report.line == row.line);
    CHECK(report.message == row.message);
    REQUIRE(log.append_all(2));
    CHECK(log.verify().intact() == (row.flaw == Flaw::none));
  }
}

TEST_CASE("verify: a record forged with its own digest right is given away by the next one") {
  const Log log;
  REQUIRE(log.append_all(3));
  Lines lines = log.lines();
  replace(lines[1], "\"container\":\"c1\"", "\"container\":\"c9\"");
  replace(lines[2], sha256_hex(log.lines()[1]), sha256_hex(lines[1]));
  log.set_lines(lines);
  const auto report = log.verify();
  CHECK(report.flaw == Flaw::altered);
  CHECK(report.message == "record 3 is not what was written");
}

TEST_CASE("verify: a log that was removed or emptied is missed as long as its head is there") {
  const Log log;
  REQUIRE(log.append_all(3));
  SECTION("removed") {
    fs::remove(log.path());
  }
  SECTION("emptied") {
    testing::write_text(log.path(), "");
  }
  const auto report = log.verify();
  CHECK(report.flaw == Flaw::truncated);
  CHECK(report.message == "the log ends with record 0, but 3 were written");
}

TEST_CASE("verify: a rotation that never was does not hide removed records") {
  const Log log;
  REQUIRE(log.append_all(4));
  const Lines lines = log.lines();
  log.set_lines({lines[2], lines[3]});
  CHECK(log.verify().flaw == Flaw::removed);
}

TEST_CASE("verify: a torn fragment cannot be altered or removed later") {
  const Log log;
  REQUIRE(log.append_all(2));
  testing::write_text(log.path(), testing::read_text(log.path()) + "{\"seq\":3,\"half");
  REQUIRE(log.append_all(2));
  REQUIRE(log.verify().intact());
  Lines lines = log.lines();
  REQUIRE(lines.size() == 5);
  SECTION("altered") {
    lines[2] = "{\"seq\":3,\"hxlf";
  }
  SECTION("removed") {
    lines.erase(lines.begin() + 2);
  }
  SECTION("doubled") {
    lines.insert(lines.begin() + 2, lines[2]);
  }
  log.set_lines(lines);
  CHECK(log.verify().flaw == Flaw::altered);
}

TEST_CASE("verify: the record before a torn fragment is still linked") {
  const Log log;
  REQUIRE(log.append_all(2));
  testing::write_text(log.path(), testing::read_text(log.path()) + "half");
  REQUIRE(log.append());
  Lines lines = log.lines();
  replace(lines[1], "allowed", "refused");
  log.set_lines(lines);
  CHECK(log.verify().flaw == Flaw::altered);
}

TEST_CASE("verify: an older head does not vouch for what came after it") {
  const Log log;
  REQUIRE(log.append());
  const std::string head = testing::read_text(log.head());
  REQUIRE(log.append_all(3));
  testing::write_text(log.head(), head);
  CHECK(log.verify().flaw == Flaw::head);
}

TEST_CASE("verify: an empty chain is intact, no chain at all is an error") {
  const Log log;
  CHECK_FALSE(audit::verify(log.path()));
  fs::create_directory(log.directory());
  testing::write_text(log.path(), "");
  CHECK(log.verify().intact());
  CHECK(log.verify().records == 0);
  REQUIRE(log.append());
  fs::create_symlink(log.path(), log.directory() + "/link.jsonl");
  CHECK_FALSE(audit::verify(log.directory() + "/link.jsonl"));
  CHECK_FALSE(audit::verify(log.path(), {log.path() + ".1"}));
}

TEST_CASE("verify: a log larger than its buffer") {
  const Log log;
  audit::Record big = testing::record();
  big.decisions.assign(700, testing::decision(controls::Outcome::enforced, "/x", std::string(400, 'x'), Json(1)));
  for (int i = 0; i < 3; ++i) REQUIRE(audit::append(big, log.places()));
  REQUIRE(fs::file_size(log.path()) > (std::uintmax_t{1} << 20));
  testing::write_text(log.path(), testing::read_text(log.path()) + "torn");
  REQUIRE(log.append());  // finds a last record that does not fit the first piece read from the end
  const auto report = log.verify();
  CHECK(report.intact());
  CHECK(report.records == 4);
  CHECK(report.torn == 1);
}

TEST_CASE("chain: heads and lines that are none") {
  const audit::Head head{{7, std::string(64, 'a')}, 1234};
  const std::string text = audit::format_head(head);
  CHECK(text.size() == audit::head_size);
  const auto parsed = audit::parse_head(text);
  REQUIRE(parsed);
  CHECK(parsed->last == head.last);
  CHECK(parsed->size == 1234);
  const auto padded = [](std::string value) {
    value.resize(audit::head_size, ' ');
    return value;
  };
  for (const std::string& bad :
       {std::string(), text.substr(1), text + " ", padded("{}"), padded("[]"),
        padded(R"({"seq":1,"hash":"x","size":1})"), padded(R"({"hash":")" + std::string(64, 'a') + R"(","size":1})")}) {
    INFO(bad);
    CHECK_FALSE(audit::parse_head(bad));
  }
  const std::string zeros(64, '0');
  const Lines lines = {"",
                       "{}",
                       "[1]",
                       R"({"seq":0,"prev":")" + zeros + R"(","verdict":"x"})",
                       R"({"seq":1,"prev":"00","verdict":"x"})",
                       R"({"seq":1,"prev":")" + zeros + R"("})",
                       R"({"seq":"1","prev":")" + zeros + R"(","verdict":"x"})",
                       R"({"seq":1,"seq":2,"prev":")" + zeros + R"(","verdict":"x"})"};
  for (const std::string& bad : lines) {
    INFO(bad);
    CHECK_FALSE(audit::parse_line(bad));
  }
  CHECK(audit::head_path("/var/log/hardened/audit.jsonl") == "/var/log/hardened/audit.head");
  CHECK(audit::head_path("/var/log.d/audit") == "/var/log.d/audit.head");
  CHECK(audit::head_path("/x/.hidden") == "/x/.hidden.head");
}
