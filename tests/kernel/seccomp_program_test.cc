#include "kernel/seccomp_program.h"

#include <sys/prctl.h>

#include <cstring>

#include "catch.h"
#include "kernel/bpf_evaluator.h"
#include "kernel/seccomp_filter.h"
#include "processes.h"

using namespace hardened;
using kernel::SeccompProgram;

namespace {

SeccompProgram forbidding(const char* call) {
  return kernel::compile_seccomp(
             {{"defaultAction", "SCMP_ACT_ALLOW"},
              {"syscalls", {{{"names", nlohmann::ordered_json::array({call})}, {"action", "SCMP_ACT_ERRNO"}}}}},
             "SCMP_ARCH_X86_64")
      .value();
}

bool load(SeccompProgram program) {
  const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

bool same(const SeccompProgram& a, const SeccompProgram& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(sock_filter)) == 0;
}

}  // namespace

TEST_CASE("the filters of a thread are copied, the oldest first, and it goes on") {
  const SeccompProgram first = forbidding("mkdir");
  const SeccompProgram second = forbidding("rmdir");
  const testing::Subject confined([&] { return load(first) && load(second); });
  REQUIRE(confined.ready());
  for (int twice = 0; twice < 2; ++twice) {
    const auto copies = kernel::seccomp_programs_of(confined.pid());
    INFO((copies ? std::string() : copies.error().message));
    REQUIRE(copies);
    REQUIRE(copies->size() == 2);
    CHECK(same(copies->front(), first));
    CHECK(same(copies->back(), second));
  }
}

TEST_CASE("a thread without a filter has none, and one that cannot be looked at is an error") {
  const testing::Subject free([] { return true; });
  REQUIRE(free.ready());
  const auto none = kernel::seccomp_programs_of(free.pid());
  REQUIRE(none);
  CHECK(none->empty());

  const auto self = kernel::seccomp_programs_of(::getpid());
  REQUIRE_FALSE(self);
  CHECK(self.error().message.starts_with("cannot copy the seccomp filter of process "));
}

TEST_CASE("running a program tells what it compares") {
  const SeccompProgram program = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 16), BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xf0),
                                  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x20, 0, 1),
                                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
                                  BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO)};
  kernel::SeccompWords call{};
  call[kernel::first_argument_word] = 0x2f;
  std::vector<kernel::SeccompComparison> compared;
  CHECK(kernel::run_seccomp(program, call, &compared) == SECCOMP_RET_ALLOW);
  REQUIRE(compared.size() == 1);
  CHECK(compared.front().word == kernel::first_argument_word);
  CHECK(compared.front().mask == 0xf0);
  CHECK(compared.front().value == 0x20);
  call[kernel::first_argument_word] = 0x10;
  CHECK(kernel::run_seccomp(program, call) == SECCOMP_RET_ERRNO);
}

TEST_CASE("a program that is none of a runtime's has no answer") {
  const kernel::SeccompWords call{};
  CHECK_FALSE(kernel::run_seccomp({}, call));
  CHECK_FALSE(kernel::run_seccomp({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 64)}, call));
  CHECK_FALSE(kernel::run_seccomp({BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2)}, call));
  CHECK_FALSE(kernel::run_seccomp({BPF_STMT(BPF_MISC | BPF_TAX, 0)}, call));
  CHECK_FALSE(kernel::run_seccomp({BPF_STMT(BPF_JMP | BPF_JA, 9), BPF_STMT(BPF_RET | BPF_K, 0)}, call));
}
