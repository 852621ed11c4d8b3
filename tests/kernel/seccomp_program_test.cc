#include "kernel/seccomp_program.h"

#include <sys/prctl.h>

#include <cstring>
#include <fstream>
#include <iterator>

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

  constexpr pid_t nobody = 0x7fffffff;
  const auto gone = kernel::seccomp_programs_of(nobody);
  REQUIRE_FALSE(gone);
  CHECK(gone.error().message == "cannot copy the seccomp filter of process 2147483647 (ESRCH)");
}

TEST_CASE("several who copy at once wait for each other") {
  const SeccompProgram program = forbidding("mkdir");
  const testing::Subject confined([&] { return load(program); });
  REQUIRE(confined.ready());
  std::vector<pid_t> readers;
  for (int i = 0; i < 8; ++i) {
    readers.push_back(testing::start([&] {
      const auto copies = kernel::seccomp_programs_of(confined.pid());
      return copies && copies->size() == 1;
    }));
  }
  for (const pid_t reader : readers) CHECK(testing::succeeded(reader));
}

// A tracer that stayed would find it stopped when its wait is over, and it would stay so.
TEST_CASE("a process that waits for its vfork cannot be looked at, and goes on when the wait is over") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t waiting = testing::start([&] {
    ::close(ends[1]);
    const pid_t child = ::vfork();
    if (child == 0) {
      char end = 0;
      static_cast<void>(::read(ends[0], &end, 1));
      ::_exit(0);
    }
    return child > 0;
  });
  ::close(ends[0]);
  const auto state_of = [](pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(file)), {});
    return text.substr(text.rfind(')') + 2, 1);
  };
  while (state_of(waiting) != "D") ::sched_yield();
  const auto copies = kernel::seccomp_programs_of(waiting);
  ::close(ends[1]);
  REQUIRE_FALSE(copies);
  CHECK(copies.error().message.find("ETIMEDOUT") != std::string::npos);
  CHECK(testing::succeeded(waiting));
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
