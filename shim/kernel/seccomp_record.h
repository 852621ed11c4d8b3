// What the kernel writes when a seccomp filter has a call logged: an audit record of type SECCOMP (audit_seccomp() in
// kernel/auditsc.c). Values hold no blanks: the kernel writes text with blanks, quotes or control characters in
// hexadecimal.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hardened::kernel {

// The values as they stand there; empty where the record has none.
struct SeccompRecord {
  std::string_view architecture, call, program, user, login, process, action;
};

// `text` is the record or what follows its marker; what the enriched format of auditd puts behind it is left out.
[[nodiscard]] SeccompRecord seccomp_record(std::string_view text);

// Did the filter allow the call and have it logged (SECCOMP_RET_LOG)? It may also have denied it.
[[nodiscard]] bool is_allowed(const SeccompRecord& record);

// From now on each call `number` of this process is logged; all pass. Is false where the kernel refuses that filter.
[[nodiscard]] bool log_own_call(unsigned number);

// The whole of `text` as an unsigned number.
[[nodiscard]] std::optional<std::uint64_t> record_number(std::string_view text, int base);

// `"/bin/x"` in quotes, or the same in hexadecimal; anything else ("(null)") stays what it is.
[[nodiscard]] std::string record_text(std::string_view value);

// The architecture of the call `call`, as the OCI spec names it, from its AUDIT_ARCH_* number; empty for one unknown to
// us. x32 has x86-64's and a bit in the number of the call.
constexpr std::uint64_t x32_bit = 0x40000000;  // __X32_SYSCALL_BIT
[[nodiscard]] std::string_view record_architecture(std::uint64_t number, std::uint64_t call);

// "audit(SECONDS.MILLISECONDS:SERIAL)", wherever it stands in a record.
struct RecordStamp {
  std::uint64_t seconds = 0;  // since 1970
  std::uint64_t milliseconds = 0;
  std::uint64_t serial = 0;
};
[[nodiscard]] std::optional<RecordStamp> record_stamp(std::string_view text);

}  // namespace hardened::kernel
