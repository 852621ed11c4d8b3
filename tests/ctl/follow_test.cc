#include "ctl/follow.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "catch.h"
#include "processes.h"
#include "temporary.h"

using namespace hardened;
namespace fs = std::filesystem;

namespace {

struct Log {
  testing::TemporaryDirectory temporary;
  std::string path = temporary.path("log/audit.jsonl");
  std::vector<std::string> seen;

  void append(const std::string& text) const { std::ofstream(path, std::ios::app) << text; }
  void read(ctl::Follower& follower) {
    REQUIRE(follower.read([this](const std::string& line) { seen.push_back(line); }));
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("follow: lines are told once they are whole") {
  Log log;
  fs::create_directory(log.temporary.path("log"));
  log.append("one\ntw");
  auto follower = ctl::Follower::of(log.path);
  REQUIRE(follower);
  log.read(*follower);
  CHECK(log.seen == Lines{"one"});
  log.append("o\nthree\n\n");
  log.read(*follower);
  log.read(*follower);
  CHECK(log.seen == Lines{"one", "two", "three", ""});
}

TEST_CASE("follow: what a rotation leaves behind is told before what is new") {
  Log log;
  fs::create_directory(log.temporary.path("log"));
  log.append("one\n");
  auto follower = ctl::Follower::of(log.path);
  log.read(*follower);
  log.append("two\n");
  fs::rename(log.path, log.path + ".1");
  log.read(*follower);
  CHECK(log.seen == Lines{"one", "two"});  // there is no new one yet
  log.append("three\n");
  log.read(*follower);
  fs::rename(log.path, log.path + ".2");
  log.append("four\n");
  log.read(*follower);
  CHECK(log.seen == Lines{"one", "two", "three", "four"});
}

TEST_CASE("follow: a file that was replaced or cut is read from its beginning") {
  Log log;
  fs::create_directory(log.temporary.path("log"));
  log.append("one\ntwo\nha");
  auto follower = ctl::Follower::of(log.path);
  log.read(*follower);
  SECTION("replaced") {
    testing::write_text(log.path + ".new", "three\n");
    fs::rename(log.path + ".new", log.path);
  }
  SECTION("cut") {
    testing::write_text(log.path, "three\n");
  }
  SECTION("removed, and made again") {
    fs::remove(log.path);
    log.read(*follower);
    log.append("three\n");
  }
  log.read(*follower);
  CHECK(log.seen == Lines{"one", "two", "three"});
}

TEST_CASE("follow: a log that is not there yet, nor its directory, is waited for") {
  Log log;
  auto follower = ctl::Follower::of(log.path);
  REQUIRE(follower);
  log.read(*follower);
  const auto comes = [&](const std::function<void()>& act) {
    act();
    REQUIRE(follower->wait(60'000));
    log.read(*follower);
  };
  comes([&] { fs::create_directory(log.temporary.path("log")); });
  comes([&] { log.append("one\n"); });
  CHECK(log.seen == Lines{"one"});
  comes([&] {
    fs::rename(log.temporary.path("log"), log.temporary.path("old"));
    fs::create_directory(log.temporary.path("log"));
    log.append("two\n");
  });
  comes([&] { log.append("three\n"); });
  CHECK(log.seen == Lines{"one", "two", "three"});
}

TEST_CASE("follow: nothing is missed and nothing told twice while a writer and rotations are under way") {
  constexpr int count = 400, per_file = 50;
  Log log;
  fs::create_directory(log.temporary.path("log"));
  auto follower = ctl::Follower::of(log.path);
  REQUIRE(follower);
  // Two rotations between two looks would take a file out of sight, as out of tail(1)'s: the reader says what it saw.
  int seen[2];
  REQUIRE(::pipe2(seen, O_CLOEXEC) == 0);
  const pid_t writer = testing::start([&] {
    char byte = 0;
    for (int i = 0; i < count; ++i) {
      if (i != 0 && i % per_file == 0) {
        if (::read(seen[0], &byte, 1) != 1) return false;
        fs::rename(log.path, log.path + "." + std::to_string(i));
      }
      const int fd = ::open(log.path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
      const std::string line = std::to_string(i) + "\n";
      const bool written = ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
      ::close(fd);
      if (!written) return false;
    }
    return true;
  });
  while (log.seen.size() < count) {
    const std::size_t before = log.seen.size();
    log.read(*follower);
    for (std::size_t i = before; i < log.seen.size(); ++i) {
      if (i % per_file == 0) CHECK(::write(seen[1], "x", 1) == 1);
    }
    if (log.seen.size() < count) REQUIRE(follower->wait(60'000));
  }
  CHECK(testing::succeeded(writer));
  for (int i = 0; i < count; ++i) CHECK(log.seen[static_cast<std::size_t>(i)] == std::to_string(i));
  for (const int end : seen) ::close(end);
}
