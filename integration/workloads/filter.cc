// filter PID: reads the seccomp filters the kernel enforces on a process (PTRACE_SECCOMP_GET_FILTER) and runs each over
// every system call number of x86-64 and some argument values; prints how many numbers can get through at all.
// "0 filters" means nothing is filtered: every number is then counted as allowed.
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

namespace {

using Program = std::vector<sock_filter>;

constexpr int highest_number = 600;  // well above the last one assigned, below the x32 bit

// The machine of seccomp(2): an accumulator, an index register and 16 words.
struct Machine {
  std::uint32_t a = 0, x = 0;
  std::array<std::uint32_t, BPF_MEMWORDS> memory{};
};

std::uint32_t load(const seccomp_data& data, std::uint32_t offset) {
  std::uint32_t word = 0;
  std::memcpy(&word, reinterpret_cast<const char*>(&data) + offset, sizeof word);
  return word;
}

std::uint32_t arithmetic(std::uint16_t operation, std::uint32_t a, std::uint32_t b) {
  switch (operation) {
    case BPF_ADD:
      return a + b;
    case BPF_SUB:
      return a - b;
    case BPF_MUL:
      return a * b;
    case BPF_DIV:
      return b == 0 ? 0 : a / b;
    case BPF_OR:
      return a | b;
    case BPF_AND:
      return a & b;
    case BPF_XOR:
      return a ^ b;
    case BPF_LSH:
      return a << b;
    case BPF_RSH:
      return a >> b;
    case BPF_NEG:
      return 0U - a;
    default:
      std::abort();
  }
}

bool jumps(std::uint16_t operation, std::uint32_t a, std::uint32_t b) {
  switch (operation) {
    case BPF_JEQ:
      return a == b;
    case BPF_JGT:
      return a > b;
    case BPF_JGE:
      return a >= b;
    case BPF_JSET:
      return (a & b) != 0;
    default:
      std::abort();
  }
}

// One instruction that only moves data.
void execute(const sock_filter& line, const seccomp_data& data, Machine& machine) {
  const std::uint32_t operand = BPF_SRC(line.code) == BPF_X ? machine.x : line.k;
  switch (BPF_CLASS(line.code)) {
    case BPF_LD: {
      const bool absolute = BPF_MODE(line.code) == BPF_ABS;
      machine.a = absolute ? load(data, line.k) : BPF_MODE(line.code) == BPF_MEM ? machine.memory[line.k] : line.k;
      break;
    }
    case BPF_LDX:
      machine.x = BPF_MODE(line.code) == BPF_MEM ? machine.memory[line.k] : line.k;
      break;
    case BPF_ST:
      machine.memory[line.k] = machine.a;
      break;
    case BPF_STX:
      machine.memory[line.k] = machine.x;
      break;
    case BPF_ALU:
      machine.a = arithmetic(BPF_OP(line.code), machine.a, operand);
      break;
    case BPF_MISC:
      (BPF_MISCOP(line.code) == BPF_TAX ? machine.x : machine.a) =
          BPF_MISCOP(line.code) == BPF_TAX ? machine.a : machine.x;
      break;
    default:
      std::abort();
  }
}

std::uint32_t run(const Program& program, const seccomp_data& data) {
  Machine machine;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& line = program[at];
    if (BPF_CLASS(line.code) == BPF_RET) return BPF_RVAL(line.code) == BPF_A ? machine.a : line.k;
    if (BPF_CLASS(line.code) != BPF_JMP) {
      execute(line, data, machine);
    } else if (BPF_OP(line.code) == BPF_JA) {
      at += line.k;
    } else {
      const std::uint32_t operand = BPF_SRC(line.code) == BPF_X ? machine.x : line.k;
      at += jumps(BPF_OP(line.code), machine.a, operand) ? line.jt : line.jf;
    }
  }
  std::abort();
}

bool lets_through(const std::vector<Program>& programs, const seccomp_data& data) {
  for (const Program& program : programs) {
    const std::uint32_t action = run(program, data) & SECCOMP_RET_ACTION_FULL;
    if (action != SECCOMP_RET_ALLOW && action != SECCOMP_RET_LOG) return false;
  }
  return true;
}

// Argument filters are common (clone, personality, socket): a number counts when some of these values pass.
bool allowed(const std::vector<Program>& programs, int number) {
  for (const std::uint64_t value : {0ULL, 1ULL, 2ULL, 3ULL, 8ULL, 10ULL, 0xffffffffULL, ~0ULL}) {
    seccomp_data data{};
    data.nr = number;
    data.arch = AUDIT_ARCH_X86_64;
    for (auto& argument : data.args) argument = value;
    if (lets_through(programs, data)) return true;
  }
  return false;
}

std::optional<Program> fetch(pid_t pid, unsigned long index) {
  const long length = ptrace(static_cast<__ptrace_request>(PTRACE_SECCOMP_GET_FILTER), pid, index, nullptr);
  if (length < 0) return std::nullopt;
  Program program(static_cast<std::size_t>(length));
  if (ptrace(static_cast<__ptrace_request>(PTRACE_SECCOMP_GET_FILTER), pid, index, program.data()) < 0)
    return std::nullopt;
  return program;
}

std::vector<Program> filters_of(pid_t pid) {
  std::vector<Program> programs;
  if (ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) < 0) {
    std::perror("filter: cannot trace the process");
    std::exit(1);
  }
  ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
  waitpid(pid, nullptr, __WALL);
  while (const std::optional<Program> program = fetch(pid, programs.size())) programs.push_back(*program);
  // ENOENT ends the list and EINVAL says that there is none; anything else is the kernel refusing to tell.
  if (errno != ENOENT && errno != EINVAL) {
    std::perror("filter: cannot read the filters");
    std::exit(1);
  }
  ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
  return programs;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::vector<Program> programs = filters_of(static_cast<pid_t>(std::strtol(argv[1], nullptr, 10)));
  int count = 0;
  for (int number = 0; number <= highest_number; ++number) count += allowed(programs, number) ? 1 : 0;
  std::printf("%zu filters, %d allowed\n", programs.size(), count);
  return 0;
}
