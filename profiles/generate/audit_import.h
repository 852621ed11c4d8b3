// Seccomp records of the kernel's audit log as a run: what a container called under a filter that logs.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "generate/training_log.h"

namespace hardened::generate {

// What became of the lines.
struct AuditAccount {
  std::uint64_t lines = 0;
  std::uint64_t used = 0;        // records that count
  std::uint64_t other = 0;       // lines that are no seccomp record
  std::uint64_t damaged = 0;     // records without an architecture or a call
  std::uint64_t foreign = 0;     // of an architecture unknown to us
  std::uint64_t unwanted = 0;    // of another program
  std::uint64_t too_long = 0;    // lines beyond most_line bytes
  std::uint64_t suppressed = 0;  // lines by which the kernel says that it lost records
};

// Reads auditd's log (raw and enriched), journald's export, and what dmesg and syslog show, as a stream of pieces.
// Memory does not grow with the input.
class AuditImport {
 public:
  static constexpr std::size_t most_line = std::size_t{64} << 10;

  // `programs`: globs of the path of the program; empty: all. What `code` a record has means nothing.
  explicit AuditImport(std::vector<std::string> programs) : programs_(std::move(programs)) {}

  void feed(std::string_view piece);
  // Ends the input: a last line needs no newline.
  void finish();

  [[nodiscard]] const AuditAccount& account() const { return account_; }
  // What was read, as a run of `image`; without phases and arguments, which records do not have. Incomplete where the
  // kernel said so. The machine's own architecture is `own` unless the calls are all of another machine.
  [[nodiscard]] Run run(const std::string& image, const std::string& own) const;

 private:
  static constexpr std::size_t most_number = 1024;

  void take_line(std::string_view line);
  void take_record(std::string_view fields);
  void take_call(const std::string& architecture, std::uint64_t number);
  void take_time(std::string_view line);

  std::vector<std::string> programs_;
  std::string rest_;  // of a line whose end is still to come
  bool skipping_ = false;
  AuditAccount account_;
  std::map<std::string, std::bitset<most_number>, std::less<>> calls_;  // by architecture and number
  std::uint64_t first_ = UINT64_MAX, last_ = 0;                         // seconds since 1970
};

}  // namespace hardened::generate
