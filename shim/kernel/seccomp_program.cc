#include "kernel/seccomp_program.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string>
#include <thread>

#include "util/fd.h"

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
  const int operation = BPF_OP(instruction.code);
  const std::uint32_t mask = operation == BPF_JSET ? loaded.mask & instruction.k : loaded.mask;
  return {loaded.word, mask, instruction.k, operation == BPF_JEQ};
}

using Programs = std::vector<SeccompProgram>;

// What the child that copies is to do, and to be done with: how long another one may keep the thread, and how long the
// thread may take to stop, which first has to get a processor: on a busy machine, or where its quota is used up.
constexpr auto pause = std::chrono::milliseconds(1);
constexpr int most_tries = 2000;

// The errno; 0 for success. ptrace(2) allows one tracer, which another look at the same container may be just now.
int seize(pid_t thread) {
  for (int tries = 0;; ++tries) {
    if (::ptrace(PTRACE_SEIZE, thread, nullptr, nullptr) == 0) break;
    if (errno != EPERM || tries == most_tries) return errno;
    std::this_thread::sleep_for(pause);
  }
  if (::ptrace(PTRACE_INTERRUPT, thread, nullptr, nullptr) != 0) return errno;
  // No event tells that a thread will not stop.
  for (int tries = 0; tries < most_tries; ++tries) {
    int status = 0;
    const pid_t changed = ::waitpid(thread, &status, __WALL | WNOHANG);
    if (changed < 0) return errno;
    if (changed == thread) {
      if (!WIFSTOPPED(status)) return ESRCH;
      // Any stop will do; a signal that was on its way is handed on when we let go of it.
      return status >> 16 == PTRACE_EVENT_STOP ? 0 : -WSTOPSIG(status);
    }
    std::this_thread::sleep_for(pause);
  }
  return ETIMEDOUT;
}

// Appends them to `file`, each with its length before it; the errno.
int copy_programs(pid_t thread, int file) {
  for (std::uintptr_t index = 0;; ++index) {
    const long length = ::ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, nullptr);
    // EINVAL: it is not confined at all.
    if (length < 0) return errno == ENOENT || (errno == EINVAL && index == 0) ? 0 : errno;
    SeccompProgram program(static_cast<std::size_t>(length));
    if (::ptrace(PTRACE_SECCOMP_GET_FILTER, thread, index, program.data()) != length) return EIO;
    const auto count = static_cast<std::uint32_t>(length);
    const auto bytes = static_cast<ssize_t>(program.size() * sizeof(sock_filter));
    if (::write(file, &count, sizeof count) != sizeof count ||
        ::write(file, program.data(), program.size() * sizeof(sock_filter)) != bytes)
      return EIO;
  }
}

// In a process of its own: with the tracer's end the kernel lets go of a thread, also of one that did not stop in time.
// A tracer that lived on would find it stopped later, and nobody would wake it.
[[noreturn]] void copy_and_exit(pid_t thread, int file) {
  const int seized = seize(thread);
  int error = seized;
  if (seized <= 0) {
    error = copy_programs(thread, file);
    ::ptrace(PTRACE_DETACH, thread, nullptr, static_cast<std::uintptr_t>(-seized));
  }
  ::_exit(error);
}

Result<Programs> read_programs(int file) {
  Programs programs;
  std::uint32_t count = 0;
  for (off_t at = 0; ::pread(file, &count, sizeof count, at) == sizeof count;) {
    at += sizeof count;
    SeccompProgram program(count);
    const std::size_t bytes = program.size() * sizeof(sock_filter);
    if (::pread(file, program.data(), bytes, at) != static_cast<ssize_t>(bytes))
      return fail(Code::internal, "cannot read the copy of a seccomp filter");
    at += static_cast<off_t>(bytes);
    programs.push_back(std::move(program));
  }
  return programs;
}

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
  const std::string cannot = fmt::format("cannot copy the seccomp filter of process {}", thread);
  const Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file.valid()) return fail_errno(cannot, errno);
  const pid_t child = ::fork();
  if (child == 0) copy_and_exit(thread, file.get());
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return fail_errno(cannot, errno);
  if (!WIFEXITED(status)) return fail(Code::io, cannot + ": its tracer was killed");
  if (WEXITSTATUS(status) != 0) return fail_errno(cannot, WEXITSTATUS(status));
  return read_programs(file.get());
}

}  // namespace hardened::kernel
