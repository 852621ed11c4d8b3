// What a seccomp program answers to a call given by its parts; a program of unknown instructions is a failed test.
#pragma once

#include <linux/audit.h>

#include <array>
#include <bit>
#include <cstdint>
#include <stdexcept>

#include "kernel/seccomp_program.h"

namespace hardened::test {

using Arguments = std::array<std::uint64_t, 6>;

// The SECCOMP_RET_* value for the call `number` of the ABI `architecture` (AUDIT_ARCH_*).
inline std::uint32_t run_filter(const kernel::SeccompProgram& program, std::uint32_t architecture, int number,
                                const Arguments& arguments) {
  seccomp_data data{number, architecture, 0, {}};
  for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  const auto answer = kernel::run_seccomp(program, std::bit_cast<kernel::SeccompWords>(data));
  if (!answer) throw std::runtime_error("not a program of libseccomp's");
  return *answer;
}

inline bool allows(const kernel::SeccompProgram& program, int number, const Arguments& arguments,
                   std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  return run_filter(program, architecture, number, arguments) == SECCOMP_RET_ALLOW;
}

constexpr std::uint32_t answers_errno(unsigned error) {
  return SECCOMP_RET_ERRNO | error;
}

}  // namespace hardened::test
