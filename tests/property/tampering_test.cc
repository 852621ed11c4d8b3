// The audit log against 1,000 random tamperings of one record each: altered, removed, moved, doubled, cut off. The log
// is one of 10,000 records by 50 writers at a time, some of which were killed. HARDENED_SPECS scales it as it does the
// random specs; HARDENED_SEED repeats a run.
#include <unistd.h>

#include <cstdlib>
#include <random>

#include "audit/example.h"
#include "catch.h"
#include "processes.h"

using namespace hardened;
using Lines = std::vector<std::string>;

namespace {

constexpr std::size_t writers = 50;

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

bool append_some(const testing::Log& log, std::size_t count) {
  audit::Record record = testing::record();
  record.decisions.clear();
  for (std::size_t i = 0; i < count; ++i) {
    record.container = std::to_string(::getpid()) + "." + std::to_string(i);
    if (!audit::append(record, log.places())) return false;
  }
  return true;
}

std::size_t size_of(const testing::Log& log) {
  return log.lines().size();
}

// Every round starts 50 writers and kills a few of them wherever they are.
void write(const testing::Log& log, std::size_t count, std::mt19937_64& random) {
  REQUIRE(append_some(log, 1));
  while (size_of(log) < count) {
    const std::size_t share = std::max<std::size_t>(1, std::min<std::size_t>(40, (count - size_of(log)) / writers));
    std::vector<pid_t> running;
    for (std::size_t i = 0; i < writers; ++i)
      running.push_back(testing::start([&] { return append_some(log, share); }));
    for (std::size_t i = 0; i < running.size(); ++i) {
      if (random() % 10 == 0) {
        ::usleep(static_cast<useconds_t>(random() % 2000));  // where the kill hits is the point
        testing::kill_and_reap(running[i]);
      } else {
        CHECK(testing::succeeded(running[i]));
      }
    }
  }
  REQUIRE(append_some(log, 1));  // an end that was written in peace: its head vouches for it
}

struct Tampering {
  const char* name;
  void (*apply)(Lines&, std::size_t at, std::mt19937_64&);
};

constexpr Tampering tamperings[] = {
    {"altered",
     [](Lines& lines, std::size_t at, std::mt19937_64& random) {
       char& byte = lines[at][random() % lines[at].size()];
       const char old = byte;
       while (byte == old || byte == '\n') byte = static_cast<char>(' ' + random() % 95);
     }},
    {"cleared of a byte",
     [](Lines& lines, std::size_t at, std::mt19937_64& random) { lines[at].erase(random() % lines[at].size(), 1); }},
    {"removed", [](Lines& lines, std::size_t at,
                   std::mt19937_64&) { lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at)); }},
    {"moved",
     [](Lines& lines, std::size_t at, std::mt19937_64& random) {
       std::size_t other = random() % lines.size();
       if (other == at) other = at == 0 ? 1 : at - 1;
       std::swap(lines[at], lines[other]);
     }},
    {"doubled",
     [](Lines& lines, std::size_t at, std::mt19937_64& random) {
       lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(random() % (lines.size() + 1)), lines[at]);
     }},
    {"cut off from there on",
     [](Lines& lines, std::size_t at, std::mt19937_64& random) {
       const std::size_t kept = random() % lines[at].size();
       lines.resize(at + 1);
       lines[at].resize(kept);
     }},
};

}  // namespace

TEST_CASE("tampering: each of many random changes to one record of a log by many writers is found") {
  const std::uint64_t specs = number_from("HARDENED_SPECS", 1000);
  const std::uint64_t seed = number_from("HARDENED_SEED", 20261122);
  const std::size_t records = std::min<std::size_t>(10'000, specs / 2);
  const std::uint64_t count = std::min<std::uint64_t>(1000, specs / 20);
  WARN("seed " << seed << ", " << records << " records, " << count << " tamperings");
  std::mt19937_64 random(seed);
  const testing::Log log;
  write(log, records, random);
  const auto untouched = log.verify();
  CHECK(untouched.message.empty());
  REQUIRE(untouched.intact());
  CHECK(untouched.records + untouched.torn >= records);
  const Lines lines = log.lines();
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const Tampering& tampering = tamperings[i % std::size(tamperings)];
    const std::size_t at = random() % lines.size();
    Lines changed = lines;
    tampering.apply(changed, at, random);
    log.set_lines(changed);
    const bool seen = !log.verify().intact();
    found += seen ? 1 : 0;
    if (!seen) FAIL_CHECK("line " << at + 1 << " was " << tampering.name << ", and nobody noticed");
  }
  CHECK(found == count);
  log.set_lines(lines);
  CHECK(log.verify().intact());
}
