#include "kernel/seccomp_record.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>

namespace hardened::kernel {
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

constexpr char enriched = '\x1d';

struct Row {
  std::string_view key;
  std::string_view SeccompRecord::*field;
};
constexpr Row rows[] = {{"arch=", &SeccompRecord::architecture}, {"syscall=", &SeccompRecord::call},
                        {"exe=", &SeccompRecord::program},       {"uid=", &SeccompRecord::user},
                        {"auid=", &SeccompRecord::login},        {"pid=", &SeccompRecord::process},
                        {"code=", &SeccompRecord::action}};

// The number at the front of `text`, which loses it and the character `after` behind it.
std::optional<std::uint64_t> take_number(std::string_view& text, char after) {
  const std::size_t end = text.find(after);
  if (end == std::string_view::npos) return std::nullopt;
  const auto number = record_number(text.substr(0, end), 10);
  text.remove_prefix(end + 1);
  return number;
}

}  // namespace

SeccompRecord seccomp_record(std::string_view text) {
  SeccompRecord record;
  text = text.substr(0, text.find(enriched));
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    for (const Row& row : rows) {
      if (word.starts_with(row.key)) record.*row.field = word.substr(row.key.size());
    }
  }
  return record;
}

bool is_allowed(const SeccompRecord& record) {
  constexpr std::string_view prefix = "0x";
  return record.action.starts_with(prefix) &&
         record_number(record.action.substr(prefix.size()), 16) == std::uint64_t{SECCOMP_RET_LOG};
}

bool log_own_call(unsigned number) {
  sock_filter program[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
                           BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog filter{std::size(program), program};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

std::optional<std::uint64_t> record_number(std::string_view text, int base) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, base);
  return error == std::errc() && rest == end ? std::optional(number) : std::nullopt;
}

std::string record_text(std::string_view value) {
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    return std::string(value.substr(1, value.size() - 2));
  if (value.size() % 2 != 0) return std::string(value);
  std::string text;
  for (std::size_t i = 0; i + 1 < value.size(); i += 2) {
    const auto byte = record_number(value.substr(i, 2), 16);
    if (!byte) return std::string(value);
    text += static_cast<char>(*byte);
  }
  return text;
}

std::string_view record_architecture(std::uint64_t number, std::uint64_t call) {
  const auto* found = std::find_if(std::begin(architectures), std::end(architectures),
                                   [number](const Architecture& row) { return row.number == number; });
  if (found == std::end(architectures)) return {};
  return found->name == "SCMP_ARCH_X86_64" && (call & x32_bit) != 0 ? "SCMP_ARCH_X32" : found->name;
}

std::optional<RecordStamp> record_stamp(std::string_view text) {
  constexpr std::string_view marker = "audit(";
  const std::size_t at = text.find(marker);
  if (at == std::string_view::npos) return std::nullopt;
  text.remove_prefix(at + marker.size());
  const auto seconds = take_number(text, '.');
  const auto milliseconds = take_number(text, ':');
  const auto serial = take_number(text, ')');
  if (!seconds || !milliseconds || !serial) return std::nullopt;
  return RecordStamp{*seconds, *milliseconds, *serial};
}

}  // namespace hardened::kernel
