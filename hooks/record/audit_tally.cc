#include "record/audit_tally.h"

#include <linux/audit.h>

#include <algorithm>

#include "kernel/seccomp_record.h"
#include "runtime/entered_login.h"

namespace hardened::record {
namespace {

constexpr std::uint64_t start_lasts = 1000;  // milliseconds, as in record.bpf.c

struct Abi {
  std::string_view architecture;
  record_abi abi;
};
constexpr Abi abis[] = {
    {"SCMP_ARCH_X86_64", record_native}, {"SCMP_ARCH_X86", record_i386}, {"SCMP_ARCH_X32", record_x32}};

// A number that no record has where it has none.
std::uint64_t number(std::string_view text, int base = 10) {
  return kernel::record_number(text, base).value_or(UINT64_MAX);
}

}  // namespace

// Records of several processors may come a little out of order, and several of one event have one serial.
void Tally::follow(std::uint64_t serial) {
  constexpr std::size_t most_ahead = 65536;
  highest_ = std::max(highest_, serial);
  if (serial == next_) {
    ++next_;
    while (ahead_.erase(next_) != 0) ++next_;
  } else if (serial > next_ && ahead_.size() < most_ahead) {
    ahead_.insert(serial);
  }
  board_.missing = highest_ + 1 - next_ - ahead_.size();
}

void Tally::take(unsigned type, std::string_view text) {
  const auto stamp = kernel::record_stamp(text);
  if (!stamp) return;
  if (next_ != 0) follow(stamp->serial);
  if (type != AUDIT_SECCOMP) return;
  const std::int32_t mark = board_.mark;
  if (mark != 0 && number(kernel::seccomp_record(text).process) == static_cast<std::uint64_t>(mark)) {
    if (next_ == 0) next_ = (highest_ = stamp->serial) + 1;
    board_.marked = mark;
    return;
  }
  take_call(text, stamp->seconds * 1000 + stamp->milliseconds);
}

void Tally::take_call(std::string_view text, std::uint64_t time) {
  const kernel::SeccompRecord record = kernel::seccomp_record(text);
  const std::uint64_t user = number(record.user);
  if (user < board_.first_id || user - board_.first_id >= board_.ids) return;
  if (!kernel::is_allowed(record)) return;
  if (!board_.starts || kernel::record_text(record.program) == board_.runtime) return;
  const std::uint64_t call = number(record.call);
  const std::string_view architecture = kernel::record_architecture(number(record.architecture, 16), call);
  const auto* found = std::find_if(std::begin(abis), std::end(abis),
                                   [architecture](const Abi& row) { return row.architecture == architecture; });
  const std::uint64_t place = call & ~kernel::x32_bit;
  if (found == std::end(abis) || place >= record_numbers) return;
  board_.calls[phase(time, number(record.login) == runtime::entered_login)][found->abi].seen[place] = 1;
}

record_phase Tally::phase(std::uint64_t time, bool entered) {
  if (board_.first_program == 0) board_.first_program = time;
  if (entered) return record_exec;
  const std::uint64_t stopping = board_.stopping;
  if (stopping != 0 && time >= stopping) return record_stop;
  return time < board_.first_program + start_lasts ? record_start : record_serve;
}

}  // namespace hardened::record
