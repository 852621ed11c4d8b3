// Seccomp programs as the kernel holds them: copied from a thread, and run here on calls that nobody makes.
#pragma once

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "util/result.h"

namespace hardened::kernel {

using SeccompProgram = std::vector<sock_filter>;

// struct seccomp_data as a program loads it: number, architecture (AUDIT_ARCH_*), instruction pointer, six arguments.
using SeccompWords = std::array<std::uint32_t, sizeof(seccomp_data) / sizeof(std::uint32_t)>;
constexpr std::size_t number_word = 0;
constexpr std::size_t architecture_word = 1;
constexpr std::size_t first_argument_word = 4;

// One comparison on the way to an answer: of the bits `mask` of the word `word` with `value`, for equality or
// otherwise.
struct SeccompComparison {
  std::size_t word;
  std::uint32_t mask, value;
  bool equality;
};

// The SECCOMP_RET_* value with which `program` answers `call`; what it compares is appended to `compared`. Nothing for
// a program with instructions that no runtime's filter has.
[[nodiscard]] std::optional<std::uint32_t> run_seccomp(const SeccompProgram& program, const SeccompWords& call,
                                                       std::vector<SeccompComparison>* compared = nullptr);

// Copies of the programs in force for `thread` (PTRACE_SECCOMP_GET_FILTER, Linux 4.4 with CONFIG_CHECKPOINT_RESTORE),
// the oldest first. The thread stops for that, some microseconds, as under a debugger: a call that it waits in may end
// with EINTR where signal(7) says so. It is waited for two seconds, and so is who else copies at the time. Errors
// (Code::io): it is traced by a debugger, paused, in a wait that nothing interrupts (vfork(2), a disk), gone; the
// kernel has no such request; this process is confined itself.
[[nodiscard]] Result<std::vector<SeccompProgram>> seccomp_programs_of(pid_t thread);

}  // namespace hardened::kernel
