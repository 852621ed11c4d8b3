// The log under everything that may happen to it: crowds, kill -9, a full disk, rotations.
#include <unistd.h>

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include "audit/loss.h"
#include "catch.h"
#include "example.h"
#include "processes.h"

using namespace hardened;
using testing::Log;
namespace fs = std::filesystem;

TEST_CASE("storm: 50 writers at once make one chain with every record in it") {
  const Log log;
  std::vector<pid_t> writers;
  for (int i = 0; i < 50; ++i) {
    writers.push_back(testing::start([&] {
      for (int j = 0; j < 20; ++j) {
        if (!log.append(std::to_string(i) + "." + std::to_string(j))) return false;
      }
      return true;
    }));
  }
  for (const pid_t writer : writers) CHECK(testing::succeeded(writer));
  const auto report = log.verify();
  CHECK(report.message.empty());
  CHECK(report.records == 1000);
  CHECK(report.torn == 0);
  std::set<std::string> seen;
  for (const std::string& line : log.lines()) seen.insert(Json::parse(line).at("container").get<std::string>());
  CHECK(seen.size() == 1000);
}

TEST_CASE("storm: kill -9 at any moment leaves a chain that verifies and goes on") {
  const Log log;
  std::mt19937 random(11);
  audit::Record big = testing::record();
  big.decisions.assign(12, testing::decision(controls::Outcome::enforced, "/x", std::string(400, 'x'), Json(1)));
  for (int round = 0; round < 40; ++round) {
    std::vector<pid_t> writers;
    for (int i = 0; i < 3; ++i)
      writers.push_back(testing::start([&] {
        while (audit::append(big, log.places())) continue;
        return false;
      }));
    ::usleep(static_cast<useconds_t>(random() % 4000));  // where the kill hits is the point; no outcome depends on it
    for (const pid_t writer : writers) testing::kill_and_reap(writer);
    REQUIRE(log.append());
  }
  const auto report = log.verify();
  CHECK(report.message.empty());
  CHECK(report.restarts == 0);
  CHECK(report.records >= 40);
}

TEST_CASE("storm: rotations under way lose nothing") {
  const Log log;
  std::vector<pid_t> writers;
  for (int i = 0; i < 4; ++i) writers.push_back(testing::start([&] { return log.append_all(50); }));
  std::vector<std::string> older;
  while (older.size() < 6 && !std::all_of(writers.begin(), writers.end(), testing::ended)) {
    const std::string name = log.path() + "." + std::to_string(older.size());
    std::error_code none_yet;
    fs::rename(log.path(), name, none_yet);
    if (none_yet) {
      ::sched_yield();
    } else {
      older.push_back(name);
    }
  }
  CHECK(!older.empty());
  for (const pid_t writer : writers) CHECK(testing::succeeded(writer));
  REQUIRE(log.append());
  const auto report = log.verify(older);
  CHECK(report.message.empty());
  CHECK(report.records == 201);
}

TEST_CASE("storm: a full disk takes back what it could not hold, and the loss is told when there is room again") {
  testing::TemporaryDirectory disk;
  testing::TemporaryDirectory state;
  CHECK(testing::on_small_disk(disk.path(), "64k", [&] {
    audit::Places places;
    places.log = disk.path("log/audit.jsonl");
    places.state = state.path("state");
    const audit::Record record = testing::record(std::string(1000, 'c'));
    std::uint64_t written = 0;
    while (audit::append(record, places)) ++written;
    const std::string full = testing::read_text(places.log);
    if (written == 0 || !full.ends_with("}\n")) return false;
    for (int i = 0; i < 5; ++i) static_cast<void>(audit::report(record, {}, places));
    if (testing::read_text(places.log) != full || !audit::verify(places.log)->intact()) return false;
    const std::string rotated = state.path("audit.1");
    testing::write_text(rotated, full);
    ::chmod(rotated.c_str(), 0600);
    fs::remove(places.log);
    if (!audit::append(record, places)) return false;
    const auto report = audit::verify(places.log, {rotated});
    return report && report->intact() && report->records == written + 1 && report->lost == 5;
  }));
}

TEST_CASE("storm: a disk that is full from the start") {
  testing::TemporaryDirectory disk;
  CHECK(testing::on_small_disk(disk.path(), "8k", [&] {
    testing::write_text(disk.path("filler"), std::string(65536, 'x'));
    audit::Places places;
    places.log = disk.path("log/audit.jsonl");
    places.state = disk.path("state");
    if (audit::append(testing::record(), places)) return false;
    if (!audit::report(testing::record(), {}, places)) return false;
    fs::remove(disk.path("filler"));
    return audit::append(testing::record(), places).has_value() && audit::verify(places.log)->intact();
  }));
}

TEST_CASE("storm: losses counted by many at once, while others tell them, are each told once") {
  testing::TemporaryDirectory temporary;
  const std::string state = temporary.path("state");
  std::vector<pid_t> counters;
  for (int i = 0; i < 8; ++i)
    counters.push_back(testing::start([&] {
      for (int j = 0; j < 25; ++j) audit::note_loss(state);
      return true;
    }));
  std::uint64_t told = 0;
  const auto tell = [&] {
    audit::Losses losses(state);
    told += losses.count();
    losses.clear();
  };
  for (int i = 0; i < 50; ++i) tell();
  for (const pid_t counter : counters) CHECK(testing::succeeded(counter));
  tell();
  CHECK(told == 200);
}
