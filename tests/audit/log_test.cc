#include "audit/log.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <regex>

#include "audit/loss.h"
#include "catch.h"
#include "example.h"
#include "processes.h"
#include "util/fd.h"
#include "util/hash.h"

using namespace hardened;
using audit::Flaw;
using testing::Log;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

Json line_at(const Log& log, std::size_t index) {
  return Json::parse(log.lines().at(index));
}

}  // namespace

TEST_CASE("log: each line is one record, numbered, dated and linked to the one before") {
  const Log log;
  REQUIRE(log.append_all(3));
  const auto lines = log.lines();
  REQUIRE(lines.size() == 3);
  std::string prev(64, '0');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const Json line = Json::parse(lines[i]);
    CHECK(line.at("seq") == i + 1);
    CHECK(line.at("prev") == prev);
    CHECK(line.at("container") == "c" + std::to_string(i));
    CHECK(
        std::regex_match(line.at("time").get<std::string>(), std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)")));
    for (const char* rare : {"continues", "restart", "torn", "lost"}) CHECK_FALSE(line.contains(rare));
    prev = sha256_hex(lines[i]);
  }
  const auto report = log.verify();
  CHECK(report.intact());
  CHECK(report.records == 3);
  CHECK(report.first_seq == 1);
  CHECK(report.last == audit::Link{3, prev});
  CHECK(mode_of(log.directory()) == 0750);
  CHECK(mode_of(log.path()) == 0600);
  CHECK(mode_of(log.head()) == 0600);
}

TEST_CASE("log: nothing a user sends can break out of its line") {
  const Log log;
  audit::Record record = testing::record("a\"}\n{\"seq\":1}\n\xff\xfe\x1b[2J");
  record.message = "line\nbreak\xc3";
  REQUIRE(audit::append(record, log.places()));
  REQUIRE(log.append());
  CHECK(log.lines().size() == 2);
  CHECK(log.verify().intact());
}

TEST_CASE("log: a torn last line is ended, kept and vouched for by the next record") {
  const Log log;
  REQUIRE(log.append_all(2));
  const std::string whole = testing::read_text(log.path());
  struct Row {
    const char* sentence;
    std::string tail;
    std::uint64_t torn;
  };
  const Row rows[] = {
      {"the beginning of a record", R"({"seq":3,"prev":"00)", 1},
      {"zeros, as after a power loss", std::string(5000, '\0'), 1},
      {"larger than what is read at first", std::string(100'000, 'x'), 1},
      {"two, one of them ended by a writer that died as well", "{\"seq\":3\n{\"seq\":3,", 1},
      {"ended already", "{\"seq\":3\n", 1},
      {"no more than a line break", "\n", 0},
      {"a whole record that lacks the line break only", "", 0},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    testing::write_text(log.path(), row.tail.empty() ? whole.substr(0, whole.size() - 1) : whole + row.tail);
    const std::string head = testing::read_text(log.head());
    CHECK(log.verify().intact());
    CHECK(log.verify().torn == row.torn);
    REQUIRE(log.append());
    REQUIRE(log.append());
    const auto report = log.verify();
    CHECK(report.message.empty());
    CHECK(report.records == 4);
    CHECK(report.torn == row.torn);
    CHECK(testing::read_text(log.path()).starts_with(whole.substr(0, whole.size() - 1)));
    CHECK(testing::read_text(log.path()).find(row.tail) != std::string::npos);
    testing::write_text(log.head(), head);
  }
}

TEST_CASE("log: a writer that died between the record and the head has done no harm") {
  const Log log;
  REQUIRE(log.append_all(2));
  const std::string head = testing::read_text(log.head());
  REQUIRE(log.append());
  testing::write_text(log.head(), head);
  CHECK(log.verify().intact());
  REQUIRE(log.append());
  const auto report = log.verify();
  CHECK(report.intact());
  CHECK(report.records == 4);
  CHECK(report.restarts == 0);
}

TEST_CASE("log: the very first writer died after its record, or before it") {
  const Log log;
  REQUIRE(log.append());
  SECTION("after the record: the head is at zero") {
    testing::write_text(log.head(), audit::format_head({}));
  }
  SECTION("before it: an empty head, no log") {
    testing::write_text(log.head(), "");
    fs::remove(log.path());
  }
  REQUIRE(log.append());
  CHECK(log.verify().intact());
  CHECK(log.verify().restarts == 0);
  CHECK(log.verify().first_seq == 1);
}

TEST_CASE("log: goes on after a rotation, and both files verify as one chain") {
  const Log log;
  const std::string old = log.path() + ".1";
  REQUIRE(log.append_all(3));
  fs::rename(log.path(), old);
  SECTION("a new file is made by us") {}
  SECTION("or by the rotation") {
    testing::write_text(log.path(), "");
  }
  CHECK(log.verify({old}).intact());
  REQUIRE(log.append_all(2));
  CHECK(line_at(log, 0).at("seq") == 4);
  CHECK(line_at(log, 0).at("continues") == true);
  CHECK_FALSE(line_at(log, 1).contains("continues"));
  const auto alone = log.verify();
  CHECK(alone.intact());
  CHECK(alone.first_seq == 4);
  const auto both = log.verify({old});
  CHECK(both.intact());
  CHECK(both.records == 5);
  CHECK(both.first_seq == 1);

  fs::resize_file(old, fs::file_size(old) / 2);
  const auto cut = log.verify({old});
  CHECK_FALSE(cut.intact());
  CHECK(cut.file == log.path());
}

TEST_CASE("log: a missing head is told by the next record, as is a broken one") {
  const Log log;
  REQUIRE(log.append_all(2));
  SECTION("removed") {
    fs::remove(log.head());
  }
  SECTION("emptied") {
    testing::write_text(log.head(), "");
  }
  SECTION("garbage") {
    testing::write_text(log.head(), std::string(500, 'x'));
  }
  SECTION("cut") {
    fs::resize_file(log.head(), 50);
  }
  CHECK(log.verify().flaw == Flaw::head);
  REQUIRE(log.append_all(2));
  CHECK(line_at(log, 2).at("restart") == true);
  CHECK_FALSE(line_at(log, 3).contains("restart"));
  const auto report = log.verify();
  CHECK(report.intact());
  CHECK(report.restarts == 1);
}

TEST_CASE("log: a log without a record in its last 64 MiB is not read for ever") {
  const Log log;
  REQUIRE(log.append());
  fs::resize_file(log.path(), std::uintmax_t{65} << 20);
  const auto appended = log.append();
  REQUIRE_FALSE(appended);
  CHECK(appended.error().message == "cannot continue the audit log: its last 64 MiB hold no record");
}

TEST_CASE("log: what is not root's own is not written") {
  const Log log;
  REQUIRE(log.append());
  const std::string victim = log.directory() + "/victim";
  testing::write_text(victim, "kept");
  const auto replace = [&](const std::string& path) {
    fs::remove(path);
    fs::create_symlink(victim, path);
  };
  SECTION("the log is a symbolic link") {
    replace(log.path());
  }
  SECTION("the head is a symbolic link") {
    replace(log.head());
  }
  SECTION("the log is a dangling link") {
    fs::remove(log.path());
    fs::create_symlink(log.directory() + "/made", log.path());
  }
  SECTION("the log is a FIFO") {
    fs::remove(log.path());
    REQUIRE(::mkfifo(log.path().c_str(), 0600) == 0);
  }
  SECTION("the log is someone else's") {
    REQUIRE(::chown(log.path().c_str(), 1000, 1000) == 0);
  }
  SECTION("the directory is writable by all") {
    REQUIRE(::chmod(log.directory().c_str(), 0777) == 0);
  }
  SECTION("the directory is a symbolic link") {
    fs::rename(log.directory(), log.directory() + ".real");
    fs::create_directory_symlink(log.directory() + ".real", log.directory());
  }
  SECTION("the directory is a file") {
    fs::remove_all(log.directory());
    testing::write_text(log.directory(), "");
  }
  CHECK_FALSE(log.append());
  CHECK_FALSE(fs::exists(log.directory() + "/made"));
  if (fs::is_directory(log.directory())) CHECK(testing::read_text(victim) == "kept");
}

TEST_CASE("log: a holder that does not let go makes the log unwritable, not the container hang") {
  const Log log;
  REQUIRE(log.append());
  const Fd holder(::open(log.head().c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(lock_within(holder.get(), Lock::shared, std::chrono::milliseconds(0), "head"));
  audit::Places places = log.places();
  places.patience = std::chrono::milliseconds(10);
  const auto appended = audit::append(testing::record(), places);
  REQUIRE_FALSE(appended);
  CHECK(appended.error().message == "cannot lock audit.head: held by another process for too long");
}

TEST_CASE("report: losses are counted and told by the next record, once") {
  const Log log;
  REQUIRE(log.append());
  fs::rename(log.directory(), log.directory() + ".away");
  testing::write_text(log.directory(), "in the way");
  for (int i = 0; i < 3; ++i) CHECK(audit::report(testing::record(), {.refuse_when_unwritable = false}, log.places()));
  const auto refused = audit::report(testing::record(), {.refuse_when_unwritable = true}, log.places());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message.starts_with("cannot keep the audit log, and the policy demands it: cannot "));
  fs::remove(log.directory());
  fs::rename(log.directory() + ".away", log.directory());
  REQUIRE(log.append_all(2));
  CHECK(line_at(log, 1).at("lost") == 4);
  CHECK_FALSE(line_at(log, 2).contains("lost"));
  CHECK(log.verify().lost == 4);
}

TEST_CASE("report: where nothing at all can be written, nothing stops") {
  testing::TemporaryDirectory temporary;
  testing::write_text(temporary.path("file"), "");
  audit::Places places;
  places.log = temporary.path("file/audit.jsonl");
  places.state = temporary.path("file/state");
  places.syslog = std::string(500, 's');
  CHECK(audit::report(testing::record(), {.refuse_when_unwritable = false, .syslog = true}, places));
  CHECK_FALSE(audit::report(testing::record(), {.refuse_when_unwritable = true}, places));
}

TEST_CASE("report: to syslog as well, one line without the chain, and never waiting for it") {
  const Log log;
  const audit::Places places = log.places();
  const Fd logger(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, places.syslog.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(logger.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  audit::Record record = testing::record();
  record.verdict = audit::Verdict::refused;
  REQUIRE(audit::report(record, {.syslog = true}, places));
  char buffer[65536];
  const ssize_t size = ::recv(logger.get(), buffer, sizeof buffer, 0);
  REQUIRE(size > 0);
  const std::string line(buffer, static_cast<std::size_t>(size));
  CHECK(line.starts_with("<84>hardened[" + std::to_string(::getpid()) + "]: {\"host\""));
  CHECK(line.find('\n') == std::string::npos);
  CHECK(line.find("\"prev\"") == std::string::npos);
  REQUIRE(audit::report(record, {.syslog = false}, places));
  CHECK(::recv(logger.get(), buffer, sizeof buffer, 0) == -1);
  // As loud as the verdict is bad: what went wrong is an error, what was allowed a notice.
  for (const auto& [verdict, priority] :
       {std::pair(audit::Verdict::failed, "<83>"), std::pair(audit::Verdict::allowed, "<85>")}) {
    record.verdict = verdict;
    REQUIRE(audit::report(record, {.syslog = true}, places));
    REQUIRE(::recv(logger.get(), buffer, sizeof buffer, 0) > 4);
    CHECK(std::string(buffer, 4) == priority);
  }
  for (int i = 0; i < 1000; ++i) REQUIRE(audit::report(record, {.syslog = true}, places));  // its queue is full soon
  CHECK(log.verify().records == 1004);
}
