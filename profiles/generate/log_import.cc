#include "generate/log_import.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <optional>

#include "generate/system_calls.h"
#include "kernel/seccomp_filter.h"
#include "util/hash.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

// linux/audit.h, AUDIT_ARCH_*.
struct Architecture {
  std::uint64_t number;
  std::string_view name;
};
constexpr Architecture architectures[] = {
    {0xc000003e, "SCMP_ARCH_X86_64"}, {0x40000003, "SCMP_ARCH_X86"},     {0xc00000b7, "SCMP_ARCH_AARCH64"},
    {0x40000028, "SCMP_ARCH_ARM"},    {0xc00000f3, "SCMP_ARCH_RISCV64"}, {0xc0000015, "SCMP_ARCH_PPC64LE"},
    {0x80000015, "SCMP_ARCH_PPC64"},  {0x80000016, "SCMP_ARCH_S390X"},   {0x00000016, "SCMP_ARCH_S390"}};
constexpr std::uint64_t x32_bit = 0x40000000;  // __X32_SYSCALL_BIT: x32 has the architecture of x86-64

// How a record begins: auditd, kernel log, journal.
constexpr std::string_view markers[] = {"type=SECCOMP ", "type=1326 ", "SECCOMP "};
// How the kernel says that records are missing.
constexpr std::string_view losses[] = {"callbacks suppressed", "audit_lost=", "backlog limit exceeded",
                                       "rate limit exceeded"};
// The calls that make a child.
constexpr const char* births[] = {"clone", "clone3", "fork", "vfork"};
// The enriched format puts names behind it that are derived from what stands before.
constexpr char enriched = '\x1d';

std::optional<std::uint64_t> number_of(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

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

struct Fields {
  std::string_view architecture, call, program;
};

// Values hold no blanks: the kernel writes text with blanks, quotes or control characters in hexadecimal.
Fields fields_of(std::string_view text) {
  struct Row {
    std::string_view key;
    std::string_view Fields::*field;
  };
  constexpr Row rows[] = {{"arch=", &Fields::architecture}, {"syscall=", &Fields::call}, {"exe=", &Fields::program}};
  Fields fields;
  text = text.substr(0, text.find(enriched));
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    for (const Row& row : rows) {
      if (word.starts_with(row.key)) fields.*row.field = word.substr(row.key.size());
    }
  }
  return fields;
}

// "/bin/x" in quotes, or the same in hexadecimal; anything else ("(null)") stays what it is.
std::string decoded(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    return std::string(value.substr(1, value.size() - 2));
  std::string text;
  for (std::size_t i = 0; i + 1 < value.size(); i += 2) {
    const auto byte = number_of(value.substr(i, 2), 16);
    if (!byte || value.size() % 2 != 0) return std::string(value);
    text += static_cast<char>(*byte);
  }
  return text;
}

std::string architecture_of(std::uint64_t number, std::uint64_t call) {
  const auto* found = std::find_if(std::begin(architectures), std::end(architectures),
                                   [number](const Architecture& row) { return row.number == number; });
  if (found == std::end(architectures)) return {};
  return found->name == "SCMP_ARCH_X86_64" && (call & x32_bit) != 0 ? "SCMP_ARCH_X32" : std::string(found->name);
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
  const Fields fields = fields_of(text);
  const auto architecture = number_of(fields.architecture, 16);
  const auto call = number_of(fields.call, 10);
  if (!architecture || !call) {
    ++account_.damaged;
    return;
  }
  const auto matches = [program = programs_.empty() ? std::string() : decoded(fields.program)](
                           const std::string& glob) { return glob_match(glob, program); };
  if (!programs_.empty() && std::none_of(programs_.begin(), programs_.end(), matches)) {
    ++account_.unwanted;
    return;
  }
  take_call(architecture_of(*architecture, *call), *call & ~x32_bit);
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

// "audit(SECONDS.MILLISECONDS:SERIAL)"
void LogImport::take_time(std::string_view line) {
  constexpr std::string_view marker = "audit(";
  const std::size_t at = line.find(marker);
  if (at == std::string_view::npos) return;
  const std::string_view text = line.substr(at + marker.size());
  const auto seconds = number_of(text.substr(0, text.find('.')), 10);
  if (!seconds) return;
  first_ = std::min(first_, *seconds);
  last_ = std::max(last_, *seconds);
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
      const std::uint64_t bit = architecture == "SCMP_ARCH_X32" ? x32_bit : 0;
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
