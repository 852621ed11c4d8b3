// denied FIRST COUNT: which system calls a seccomp filter refuses to processes of the host's users FIRST …
// FIRST+COUNT-1. The kernel asks the filter before it passes the tracepoint at a call's beginning, and passes the one
// at its end in any case: a call that ends with an error and did not begin was refused. Says "watching" when it does;
// when asked to end (SIGTERM), a line for each: its number, the errno, how often, the program's name.
#include <linux/bpf.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

using Code = std::vector<bpf_insn>;

struct Refusal {
  std::uint32_t number;
  std::int32_t result;
  std::array<char, 16> program;
};

constexpr std::uint8_t stack = BPF_REG_10;
constexpr std::int16_t tid_at = -4, value_at = -16, refusal_at = -48;
constexpr std::int32_t orig_ax_of_pt_regs = 120;

bpf_insn instruction(int code, std::uint8_t to, std::uint8_t from, std::int16_t offset, std::int32_t immediate) {
  bpf_insn made{};
  made.code = static_cast<std::uint8_t>(code);
  made.dst_reg = static_cast<std::uint8_t>(to & 0xf);
  made.src_reg = static_cast<std::uint8_t>(from & 0xf);
  made.off = offset;
  made.imm = immediate;
  return made;
}
bpf_insn call(bpf_func_id helper) {
  return instruction(BPF_JMP | BPF_CALL, 0, 0, 0, helper);
}
bpf_insn copy(std::uint8_t to, std::uint8_t from) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_X, to, from, 0, 0);
}
bpf_insn set(std::uint8_t to, std::int32_t value) {
  return instruction(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value);
}
bpf_insn add(std::uint8_t to, std::int32_t value) {
  return instruction(BPF_ALU64 | BPF_ADD | BPF_K, to, 0, 0, value);
}
bpf_insn load(int size, std::uint8_t to, std::uint8_t from, std::int16_t offset) {
  return instruction(BPF_LDX | size | BPF_MEM, to, from, offset, 0);
}
bpf_insn store(int size, std::int16_t offset, std::uint8_t from) {
  return instruction(BPF_STX | size | BPF_MEM, stack, from, offset, 0);
}
// Jumps over `lines` when `compare` holds.
bpf_insn skip(int compare, std::uint8_t left, std::int32_t right, std::size_t lines) {
  return instruction(BPF_JMP | compare | BPF_K, left, 0, static_cast<std::int16_t>(lines), right);
}

void operator+=(Code& code, bpf_insn line) {
  code.push_back(line);
}
void operator+=(Code& code, const Code& more) {
  code.insert(code.end(), more.begin(), more.end());
}

Code wide(std::uint8_t to, std::uint8_t kind, std::uint64_t value) {
  return {instruction(BPF_LD | BPF_DW | BPF_IMM, to, kind, 0, static_cast<std::int32_t>(value)),
          instruction(0, 0, 0, 0, static_cast<std::int32_t>(value >> 32))};
}

// The first two arguments of a map's helpers: the map, and the key on the stack.
Code map_and_key(int map, std::int16_t key) {
  Code code = wide(BPF_REG_1, BPF_PSEUDO_MAP_FD, static_cast<std::uint64_t>(map));
  code += {copy(BPF_REG_2, stack), add(BPF_REG_2, key)};
  return code;
}

Code update(int map, std::int16_t key) {
  Code code = {set(BPF_REG_1, 1), store(BPF_DW, value_at, BPF_REG_1)};
  code += map_and_key(map, key);
  code += {copy(BPF_REG_3, stack), add(BPF_REG_3, value_at), set(BPF_REG_4, BPF_ANY), call(BPF_FUNC_map_update_elem)};
  return code;
}

const Code end = {set(BPF_REG_0, 0), instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)};

// `body` for a process of those users, with the context in register 6 and the thread's number on the stack.
Code for_users(std::uint64_t first, std::int32_t count, const Code& body) {
  Code code = {copy(BPF_REG_6, BPF_REG_1), call(BPF_FUNC_get_current_uid_gid),
               instruction(BPF_ALU | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_0, 0, 0)};
  code += wide(BPF_REG_1, 0, first);
  code += instruction(BPF_ALU64 | BPF_SUB | BPF_X, BPF_REG_0, BPF_REG_1, 0, 0);
  code += skip(BPF_JGE, BPF_REG_0, count, body.size() + 2);
  code += {call(BPF_FUNC_get_current_pid_tgid), store(BPF_W, tid_at, BPF_REG_0)};
  code += body;
  code += end;
  return code;
}

Code count_refusal(int refusals) {
  Code fresh = update(refusals, refusal_at);
  Code known = {set(BPF_REG_1, 1), instruction(BPF_STX | BPF_ATOMIC | BPF_DW, BPF_REG_0, BPF_REG_1, 0, BPF_ADD)};
  known += skip(BPF_JA, 0, 0, fresh.size());
  Code code = map_and_key(refusals, refusal_at);
  code += call(BPF_FUNC_map_lookup_elem);
  code += skip(BPF_JEQ, BPF_REG_0, 0, known.size());
  code += known;
  code += fresh;
  return code;
}

Code at_end(int begun, int refusals) {
  Code refused = {load(BPF_DW, BPF_REG_3, BPF_REG_6, 0),
                  add(BPF_REG_3, orig_ax_of_pt_regs),
                  copy(BPF_REG_1, stack),
                  add(BPF_REG_1, value_at),
                  set(BPF_REG_2, 8),
                  call(BPF_FUNC_probe_read_kernel),
                  load(BPF_DW, BPF_REG_1, stack, value_at),
                  store(BPF_W, refusal_at, BPF_REG_1),
                  store(BPF_W, refusal_at + 4, BPF_REG_7),
                  copy(BPF_REG_1, stack),
                  add(BPF_REG_1, refusal_at + 8),
                  set(BPF_REG_2, 16),
                  call(BPF_FUNC_get_current_comm)};
  refused += count_refusal(refusals);
  Code not_begun = {load(BPF_DW, BPF_REG_7, BPF_REG_6, 8)};
  not_begun += skip(BPF_JLT, BPF_REG_7, -4095, refused.size());  // no error
  not_begun += refused;
  Code did_begin = map_and_key(begun, tid_at);
  did_begin += call(BPF_FUNC_map_delete_elem);
  did_begin += skip(BPF_JA, 0, 0, not_begun.size());
  Code code = map_and_key(begun, tid_at);
  code += call(BPF_FUNC_map_lookup_elem);
  code += skip(BPF_JEQ, BPF_REG_0, 0, did_begin.size());
  code += did_begin;
  code += not_begun;
  return code;
}

int bpf(bpf_cmd command, bpf_attr& attributes, const char* what) {
  const long result = syscall(SYS_bpf, command, &attributes, sizeof attributes);
  if (result >= 0) return static_cast<int>(result);
  std::perror(what);
  std::exit(1);
}

int make_map(std::uint32_t key, std::uint32_t entries) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_HASH;
  attributes.key_size = key;
  attributes.value_size = 8;
  attributes.max_entries = entries;
  return bpf(BPF_MAP_CREATE, attributes, "denied: cannot make a map");
}

void attach(const char* tracepoint, const Code& code) {
  static std::array<char, 65536> log;
  bpf_attr program{};
  program.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT;
  program.insns = reinterpret_cast<std::uintptr_t>(code.data());
  program.insn_cnt = static_cast<std::uint32_t>(code.size());
  program.license = reinterpret_cast<std::uintptr_t>("GPL");
  program.log_buf = reinterpret_cast<std::uintptr_t>(log.data());
  program.log_size = log.size();
  program.log_level = 1;
  bpf_attr place{};
  place.raw_tracepoint.name = reinterpret_cast<std::uintptr_t>(tracepoint);
  const long loaded = syscall(SYS_bpf, BPF_PROG_LOAD, &program, sizeof program);
  if (loaded < 0) {
    std::fprintf(stderr, "denied: the kernel takes no program for %s\n%s", tracepoint, log.data());
    std::exit(1);
  }
  place.raw_tracepoint.prog_fd = static_cast<std::uint32_t>(loaded);
  bpf(BPF_RAW_TRACEPOINT_OPEN, place, "denied: cannot attach");
}

void print(int refusals) {
  Refusal refusal{}, next{};
  std::uint64_t count = 0;
  bpf_attr attributes{};
  attributes.map_fd = static_cast<std::uint32_t>(refusals);
  for (bool is_first = true;; is_first = false, refusal = next) {
    attributes.key = is_first ? 0 : reinterpret_cast<std::uintptr_t>(&refusal);
    attributes.next_key = reinterpret_cast<std::uintptr_t>(&next);
    if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_KEY, &attributes, sizeof attributes) != 0) return;
    bpf_attr element{};
    element.map_fd = attributes.map_fd;
    element.key = attributes.next_key;
    element.value = reinterpret_cast<std::uintptr_t>(&count);
    bpf(BPF_MAP_LOOKUP_ELEM, element, "denied: cannot read a map");
    std::printf("%u %d %llu %.16s\n", next.number, -next.result, static_cast<unsigned long long>(count),
                next.program.data());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const std::uint64_t first = std::strtoull(argv[1], nullptr, 10);
  const auto count = static_cast<std::int32_t>(std::strtol(argv[2], nullptr, 10));
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  const int begun = make_map(4, 1 << 16), refusals = make_map(sizeof(Refusal), 4096);
  // The beginning first: a call between the two attachments must not look refused.
  attach("sys_enter", for_users(first, count, update(begun, tid_at)));
  attach("sys_exit", for_users(first, count, at_end(begun, refusals)));
  std::puts("watching");
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  print(refusals);
  return 0;
}
