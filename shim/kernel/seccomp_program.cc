#include "kernel/seccomp_program.h"

#include <fmt/format.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

namespace hardened::kernel {
namespace {

// The accumulator, and which word of the call it was loaded from.
struct Accumulator {
  std::uint32_t value = 0;
  std::size_t word = 0;
  std::uint32_t mask = ~std::uint32_t{0};
};

std::optional<bool> jumps(const sock_filter& instruction, std::uint32_t value) {
  switch (instruction.code) {
    case BPF_JMP | BPF_JEQ | BPF_K:
      return value == instruction.k;
    case BPF_JMP | BPF_JGT | BPF_K:
      return value > instruction.k;
    case BPF_JMP | BPF_JGE | BPF_K:
      return value >= instruction.k;
    case BPF_JMP | BPF_JSET | BPF_K:
      return (value & instruction.k) != 0;
    default:
      return std::nullopt;
  }
}

SeccompComparison comparison_of(const sock_filter& instruction, const Accumulator& loaded) {
  const bool of_bits = BPF_OP(instruction.code) == BPF_JSET;
  return {loaded.word, of_bits ? loaded.mask & instruction.k : loaded.mask, instruction.k};
}

// A thread that is stopped, from here to the end of the block; it goes on then, whatever happens to this process.
class Stopped {
 public:
  static Result<Stopped> stop(pid_t thread) {
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) != 0) return cannot(thread, errno);
    Stopped stopped(thread);
    if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return cannot(thread, errno);
    // No event tells that a thread will not stop, since it is frozen or waits for a disk.
    for (int tries = 0; tries < 200; ++tries) {
      int status = 0;
      const pid_t changed = ::waitpid(thread, &status, __WALL | WNOHANG);
      if (changed < 0) return cannot(thread, errno);
      if (changed == thread && !WIFSTOPPED(status)) return cannot(thread, ESRCH);
      if (changed == thread) {
        // Any stop will do; a signal that was on its way is handed on.
        stopped.signal_ = status >> 16 == PTRACE_EVENT_STOP ? 0 : WSTOPSIG(status);
        return stopped;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return cannot(thread, ETIMEDOUT);
  }
  static tl::unexpected<Error> cannot(pid_t thread, int error) {
    return fail_errno(fmt::format("cannot copy the seccomp filter of process {}", thread), error);
  }
  Stopped(Stopped&& other) noexcept : thread_(std::exchange(other.thread_, 0)), signal_(other.signal_) {}
  Stopped& operator=(Stopped&&) = delete;
  Stopped(const Stopped&) = delete;
  Stopped& operator=(const Stopped&) = delete;
  ~Stopped() {
    // One that did not stop in time cannot be let go of, and is let go of when this process ends.
    if (thread_ != 0) ::ptrace(PTRACE_DETACH, thread_, nullptr, static_cast<std::uintptr_t>(signal_));
  }

 private:
  explicit Stopped(pid_t thread) : thread_(thread) {}
  pid_t thread_;
  int signal_ = 0;
};

}  // namespace

std::optional<std::uint32_t> run_seccomp(const SeccompProgram& program, const SeccompWords& call,
                                         std::vector<SeccompComparison>* compared) {
  Accumulator loaded;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& instruction = program[at];
    switch (instruction.code) {
      case BPF_LD | BPF_W | BPF_ABS: {
        const std::size_t word = instruction.k / sizeof(std::uint32_t);
        if (instruction.k % sizeof(std::uint32_t) != 0 || word >= call.size()) return std::nullopt;
        loaded = {.value = call[word], .word = word};
        break;
      }
      case BPF_ALU | BPF_AND | BPF_K:
        loaded.value &= instruction.k;
        loaded.mask &= instruction.k;
        break;
      case BPF_JMP | BPF_JA:
        at += instruction.k;
        break;
      case BPF_RET | BPF_K:
        return instruction.k;
      default: {
        const std::optional<bool> taken = jumps(instruction, loaded.value);
        if (!taken) return std::nullopt;
        if (compared != nullptr) compared->push_back(comparison_of(instruction, loaded));
        at += *taken ? instruction.jt : instruction.jf;
      }
    }
  }
  return std::nullopt;
}

Result<std::vector<SeccompProgram>> seccomp_programs_of(pid_t thread) {
  TRY(stopped, Stopped::stop(thread));
  std::vector<SeccompProgram> programs;
  for (;;) {
    const auto index = static_cast<std::uintptr_t>(programs.size());
    const long length = ::ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, nullptr);
    // EINVAL: it is not confined at all.
    if (length < 0 && (errno == ENOENT || (errno == EINVAL && programs.empty()))) return programs;
    if (length < 0) return Stopped::cannot(thread, errno);
    SeccompProgram program(static_cast<std::size_t>(length));
    if (::ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, program.data()) != length)
      return Stopped::cannot(thread, errno);
    programs.push_back(std::move(program));
  }
}

}  // namespace hardened::kernel
