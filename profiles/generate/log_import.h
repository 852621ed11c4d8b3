// What others recorded of a program's system calls, as a run: the kernel's audit records of a filter that logs, or the
// output of strace.
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

enum class LogFormat {
  audit,   // auditd's log (raw and enriched), journald's export, what dmesg and syslog show
  strace,  // strace -f, whatever times and process numbers begin its lines
};

// What became of the lines.
struct ImportAccount {
  std::uint64_t lines = 0;
  std::uint64_t used = 0;        // records that count
  std::uint64_t other = 0;       // lines that tell of no call
  std::uint64_t damaged = 0;     // records without an architecture or a call
  std::uint64_t foreign = 0;     // of an architecture unknown to us
  std::uint64_t unwanted = 0;    // of another program
  std::uint64_t too_long = 0;    // lines beyond most_line bytes
  std::uint64_t suppressed = 0;  // lines that say that records were lost
};

// Reads a log as a stream of pieces. Memory does not grow with the input.
class LogImport {
 public:
  static constexpr std::size_t most_line = std::size_t{64} << 10;

  // `own` is the machine's architecture, of which strace's calls are. `programs`: globs of the path of the program,
  // which strace does not tell; empty: all. What `code` an audit record has means nothing.
  LogImport(LogFormat format, std::string own, std::vector<std::string> programs)
      : format_(format), own_(std::move(own)), programs_(std::move(programs)) {}

  void feed(std::string_view piece);
  // Ends the input: a last line needs no newline.
  void finish();

  [[nodiscard]] const ImportAccount& account() const { return account_; }
  // What was read, as a run of `image`; without phases and arguments. Incomplete where the kernel said so, where strace
  // did not follow children, or met a process of another ABI. Its architecture is the machine's own unless the calls
  // are all of another machine.
  [[nodiscard]] Run run(const std::string& image) const;

 private:
  static constexpr std::size_t most_number = 1024;

  void take_line(std::string_view line);
  void take_audit_line(std::string_view line);
  void take_record(std::string_view fields);
  void take_strace_line(std::string_view line);
  void take_call(const std::string& architecture, std::uint64_t number);
  void take_time(std::string_view line);

  LogFormat format_;
  std::string own_;
  std::vector<std::string> programs_;
  std::string rest_;  // of a line whose end is still to come
  bool skipping_ = false;
  ImportAccount account_;
  bool numbers_processes_ = false, changes_abi_ = false;                // strace's
  std::map<std::string, std::bitset<most_number>, std::less<>> calls_;  // by architecture and number
  std::uint64_t first_ = UINT64_MAX, last_ = 0;                         // seconds since 1970
};

}  // namespace hardened::generate
