// Runs a seccomp program as the kernel would: enough of classic BPF for what libseccomp emits, and an error for the
// rest.
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <array>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace hardened::test {

using Arguments = std::array<std::uint64_t, 6>;

inline std::uint32_t loaded_word(const seccomp_data& data, std::uint32_t offset) {
  if (offset % 4 != 0 || offset + 4 > sizeof(data)) throw std::runtime_error("a load outside of seccomp_data");
  std::uint32_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&data) + offset, sizeof(word));
  return word;
}

inline bool jumps(const sock_filter& instruction, std::uint32_t accumulator) {
  switch (BPF_OP(instruction.code)) {
    case BPF_JEQ:
      return accumulator == instruction.k;
    case BPF_JGT:
      return accumulator > instruction.k;
    case BPF_JGE:
      return accumulator >= instruction.k;
    case BPF_JSET:
      return (accumulator & instruction.k) != 0;
    default:
      throw std::runtime_error("an unknown jump");
  }
}

// The SECCOMP_RET_* value for the call `number` of the ABI `architecture` (AUDIT_ARCH_*).
inline std::uint32_t run_filter(const std::vector<sock_filter>& program, std::uint32_t architecture, int number,
                                const Arguments& arguments) {
  seccomp_data data{number, architecture, 0, {}};
  for (std::size_t i = 0; i < arguments.size(); ++i) data.args[i] = arguments[i];
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& instruction = program[at];
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        accumulator = loaded_word(data, instruction.k);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= instruction.k;
        break;
      case BPF_JMP | BPF_JA:
        at += instruction.k;
        break;
      case BPF_RET | BPF_K:
        return instruction.k;
      default:
        if (BPF_CLASS(instruction.code) != BPF_JMP) throw std::runtime_error("an unknown instruction");
        at += jumps(instruction, accumulator) ? instruction.jt : instruction.jf;
    }
  }
  throw std::runtime_error("the program does not return");
}

inline bool allows(const std::vector<sock_filter>& program, int number, const Arguments& arguments,
                   std::uint32_t architecture = AUDIT_ARCH_X86_64) {
  return run_filter(program, architecture, number, arguments) == SECCOMP_RET_ALLOW;
}

constexpr std::uint32_t answers_errno(unsigned error) {
  return SECCOMP_RET_ERRNO | error;
}

}  // namespace hardened::test
