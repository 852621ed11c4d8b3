#include "generate/log_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <optional>

#include "generate/system_calls.h"
#include "kernel/seccomp_filter.h"
#include "kernel/seccomp_record.h"
#include "util/hash.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

// How a record begins: auditd, kernel log, journal.
constexpr std::string_view markers[] = {"type=SECCOMP ", "type=1326 ", "SECCOMP "};
// How the kernel says that records are missing.
constexpr std::string_view losses[] = {"callbacks suppressed", "audit_lost=", "backlog limit exceeded",
                                       "rate limit exceeded"};
// The calls that make a child.
constexpr const char* births[] = {"clone", "clone3", "fork", "vfork"};

// What follows the marker of a record; nothing where `line` is none. "SECCOMP" alone begins a message of the journal.
std::optional<std::string_view> record_in(std::string_view line) {
  for (const std::string_view marker : markers) {
    const std::size_t at = line.find(marker);
    if (at == std::string_view::npos) continue;
    const bool begins = at == 0 || line[at - 1] == ' ' || line[at - 1] == '=';
    if (begins) return line.substr(at + marker.size());
  }
  return std::nullopt;
}

// "[pid 123] " or "123  ", and times in any of strace's forms, are taken off `line`; were there process numbers?
bool take_prefix(std::string_view& line) {
  constexpr std::string_view of_terminal = "[pid ";
  bool numbered = line.starts_with(of_terminal);
  if (numbered) line.remove_prefix(std::min(line.find(']') + 1, line.size()));
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const std::string_view word = line.substr(0, line.find(' '));
    const bool is_prefix = !word.empty() && word.find_first_not_of("0123456789.:+-()") == std::string_view::npos;
    if (!is_prefix || word.size() == line.size()) return numbered;
    numbered = numbered || word.find_first_not_of("0123456789") == std::string_view::npos;
    line.remove_prefix(word.size());
  }
}

// The name before the first parenthesis; empty where the line tells of no call's beginning.
std::string_view strace_call(std::string_view line) {
  const std::size_t end = line.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_");
  return end == std::string_view::npos || end == 0 || line[end] != '(' ? std::string_view() : line.substr(0, end);
}

std::string rfc3339(std::uint64_t seconds) {
  constexpr std::uint64_t most = 253402300799;  // the last second of the year 9999
  const auto time = static_cast<std::time_t>(std::min(seconds, most));
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr) return "1970-01-01T00:00:00Z";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

}  // namespace

void LogImport::feed(std::string_view piece) {
  while (!piece.empty()) {
    const std::size_t end = piece.find('\n');
    const std::string_view part = piece.substr(0, end);
    piece.remove_prefix(end == std::string_view::npos ? piece.size() : end + 1);
    skipping_ = skipping_ || rest_.size() + part.size() > most_line;
    if (end == std::string_view::npos) {
      if (!skipping_) rest_ += part;
    } else if (rest_.empty() && !skipping_) {
      take_line(part);
    } else {
      if (!skipping_) rest_ += part;
      finish();
    }
  }
}

void LogImport::finish() {
  if (skipping_) {
    ++account_.lines;
    ++account_.too_long;
  } else if (!rest_.empty()) {
    take_line(rest_);
  }
  rest_.clear();
  skipping_ = false;
}

void LogImport::take_line(std::string_view line) {
  ++account_.lines;
  return format_ == LogFormat::strace ? take_strace_line(line) : take_audit_line(line);
}

void LogImport::take_audit_line(std::string_view line) {
  if (const auto record = record_in(line)) {
    take_time(line);
    take_record(*record);
    return;
  }
  ++account_.other;
  const auto tells = [line](std::string_view loss) { return line.find(loss) != std::string_view::npos; };
  if (std::any_of(std::begin(losses), std::end(losses), tells)) ++account_.suppressed;
}

void LogImport::take_record(std::string_view text) {
  const kernel::SeccompRecord record = kernel::seccomp_record(text);
  const auto architecture = kernel::record_number(record.architecture, 16);
  const auto call = kernel::record_number(record.call, 10);
  if (!architecture || !call) {
    ++account_.damaged;
    return;
  }
  const auto matches = [program = programs_.empty() ? std::string() : kernel::record_text(record.program)](
                           const std::string& glob) { return glob_match(glob, program); };
  if (!programs_.empty() && std::none_of(programs_.begin(), programs_.end(), matches)) {
    ++account_.unwanted;
    return;
  }
  take_call(std::string(kernel::record_architecture(*architecture, *call)), *call & ~kernel::x32_bit);
}

void LogImport::take_call(const std::string& architecture, std::uint64_t number) {
  if (architecture.empty() || number >= most_number) {
    ++account_.foreign;
    return;
  }
  ++account_.used;
  calls_[architecture].set(number);
}

void LogImport::take_strace_line(std::string_view line) {
  numbers_processes_ = take_prefix(line) || numbers_processes_;
  const std::string_view name = strace_call(line);
  if (name.empty()) {
    ++account_.other;
    // "[ Process PID=123 runs in 32 bit mode. ]": its calls have the same names.
    changes_abi_ = changes_abi_ || (line.starts_with("[ Process PID=") && line.find(" runs in ") != line.npos);
    return;
  }
  const auto number = kernel::syscall_number(std::string(name), own_);
  take_call(number ? own_ : std::string(), static_cast<std::uint64_t>(number.value_or(0)));
}

void LogImport::take_time(std::string_view line) {
  const auto stamp = kernel::record_stamp(line);
  if (!stamp) return;
  first_ = std::min(first_, stamp->seconds);
  last_ = std::max(last_, stamp->seconds);
}

Run LogImport::run(const std::string& image) const {
  Run run;
  run.image = image;
  run.tier = "import";
  run.architecture = calls_.contains(own_) || calls_.empty() ? own_ : calls_.begin()->first;
  run.started = rfc3339(first_ == UINT64_MAX ? 0 : first_);
  run.ended = rfc3339(last_);
  std::string all = run.started + run.ended;
  for (const auto& [architecture, numbers] : calls_) {
    for (std::size_t number = 0; number < most_number; ++number) {
      if (!numbers.test(number)) continue;
      const std::uint64_t bit = architecture == "SCMP_ARCH_X32" ? kernel::x32_bit : 0;
      run.syscalls[architecture][call_name(std::to_string(number + bit), architecture)];
      all += fmt::format(" {}:{}", architecture, number);
    }
  }
  run.run = sha256_hex(all).substr(0, 32);
  if (account_.suppressed != 0)
    run.lost.push_back(fmt::format("the kernel tells {} times that it lost records", account_.suppressed));
  const auto calls = run.syscalls.find(own_);
  const bool has_children =
      calls != run.syscalls.end() && std::any_of(std::begin(births), std::end(births),
                                                 [&](const char* birth) { return calls->second.contains(birth); });
  if (format_ == LogFormat::strace && has_children && !numbers_processes_)
    run.lost.emplace_back("strace followed no children: run it with -f and one file for all");
  if (changes_abi_) run.lost.emplace_back("strace does not say which calls are of the other ABI that a process ran in");
  run.complete = run.lost.empty();
  return run;
}

}  // namespace hardened::generate
