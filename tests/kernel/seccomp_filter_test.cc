#include "kernel/seccomp_filter.h"

#include "catch.h"
#include "kernel/bpf_evaluator.h"

using namespace hardened;
using hardened::test::answers_errno;
using hardened::test::run_filter;
using Json = nlohmann::ordered_json;

namespace {

std::vector<sock_filter> compiled(const char* text, const char* native = "SCMP_ARCH_X86_64") {
  const auto program = kernel::compile_seccomp(Json::parse(text), native);
  INFO((program ? std::string() : program.error().message));
  REQUIRE(program);
  return *program;
}

constexpr int read_number = 0;
constexpr int write_number = 1;
constexpr int personality_number = 135;

}  // namespace

TEST_CASE("system calls have a number and a name on each architecture") {
  CHECK(kernel::syscall_number("openat", "SCMP_ARCH_X86_64") == 257);
  CHECK(kernel::syscall_number("openat", "SCMP_ARCH_AARCH64") == 56);
  CHECK_FALSE(kernel::syscall_number("open", "SCMP_ARCH_AARCH64"));
  CHECK_FALSE(kernel::syscall_number("chown32", "SCMP_ARCH_X86_64"));
  CHECK(kernel::is_syscall("chown32"));
  CHECK_FALSE(kernel::is_syscall("opennat"));
  CHECK_FALSE(kernel::is_syscall(""));
  CHECK(kernel::syscall_name(257, "SCMP_ARCH_X86_64") == "openat");
  CHECK_FALSE(kernel::syscall_name(100000, "SCMP_ARCH_X86_64"));
}

TEST_CASE("a filter answers what its rules and its default say") {
  const auto program = compiled(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"syscalls":[
    {"names":["read"],"action":"SCMP_ACT_ALLOW"},
    {"names":["write"],"action":"SCMP_ACT_ERRNO","errnoRet":13},
    {"names":["close"],"action":"SCMP_ACT_KILL_PROCESS"},
    {"names":["no_such_call"],"action":"SCMP_ACT_ALLOW"}]})");
  CHECK(run_filter(program, AUDIT_ARCH_X86_64, read_number, {}) == SECCOMP_RET_ALLOW);
  CHECK(run_filter(program, AUDIT_ARCH_X86_64, write_number, {}) == answers_errno(13));
  CHECK(run_filter(program, AUDIT_ARCH_X86_64, 3, {}) == SECCOMP_RET_KILL_PROCESS);
  CHECK(run_filter(program, AUDIT_ARCH_X86_64, 999, {}) == answers_errno(38));
  SECTION("calls of another ABI kill") {
    CHECK(run_filter(program, AUDIT_ARCH_I386, read_number, {}) == SECCOMP_RET_KILL_THREAD);
    CHECK(run_filter(program, AUDIT_ARCH_X86_64, read_number | 0x40000000, {}) != SECCOMP_RET_ALLOW);
  }
}

TEST_CASE("two conditions on one argument are alternatives, on two arguments they both have to hold") {
  const auto program = compiled(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
    {"names":["personality"],"action":"SCMP_ACT_ALLOW","args":[
      {"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"}]},
    {"names":["read"],"action":"SCMP_ACT_ALLOW","args":[
      {"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":1,"value":15,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}]}]})");
  CHECK(test::allows(program, personality_number, {1}));
  CHECK(test::allows(program, personality_number, {2}));
  CHECK_FALSE(test::allows(program, personality_number, {3}));
  CHECK(test::allows(program, read_number, {1, 0xfffffff2}));
  CHECK_FALSE(test::allows(program, read_number, {1, 3}));
  CHECK_FALSE(test::allows(program, read_number, {2, 2}));
}

// Why the ioctl rules allow piece by piece (controls/seccomp_arguments.cc).
TEST_CASE("libseccomp drops a conditional denial beside an unconditional allowance") {
  const auto program = compiled(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"syscalls":[
    {"names":["ioctl"],"action":"SCMP_ACT_ERRNO","args":[{"index":1,"value":21522,"op":"SCMP_CMP_EQ"}]},
    {"names":["ioctl"],"action":"SCMP_ACT_ALLOW"}]})");
  CHECK(test::allows(program, 16, {0, 0x5412}));
}

TEST_CASE("a filter for another machine holds that machine's numbers") {
  const auto program =
      compiled(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["openat"],"action":"SCMP_ACT_ALLOW"}]})",
               "SCMP_ARCH_AARCH64");
  CHECK(test::allows(program, 56, {}, AUDIT_ARCH_AARCH64));
  CHECK_FALSE(test::allows(program, 257, {}, AUDIT_ARCH_AARCH64));
  CHECK_FALSE(test::allows(program, 257, {}, AUDIT_ARCH_X86_64));
}

TEST_CASE("a filter no runtime would load is an error") {
  for (
      const char* text :
      {R"({})", R"({"defaultAction":"SCMP_ACT_NONSENSE"})", R"({"defaultAction":7})",
       R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_VAX"]})",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"action":"SCMP_ACT_ERRNO"}]})",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"ERRNO"}]})",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":6,"op":"SCMP_CMP_EQ"}]}]})",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","args":[{"index":0,"op":"="}]}]})"}) {
    INFO(text);
    const auto program = kernel::compile_seccomp(Json::parse(text), "SCMP_ARCH_X86_64");
    REQUIRE_FALSE(program);
    CHECK(program.error().message.starts_with("cannot "));
  }
}
