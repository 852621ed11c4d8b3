#include "controls/seccomp_intersect.h"

#include "controls/seccomp_generate.h"
#include "controls/seccomp_samples.h"

using namespace hardened;
using namespace hardened::controls;
using hardened::test::Arguments;

namespace {

const std::vector<std::string> native = {"SCMP_ARCH_X86_64"};
constexpr const char* some_calls[] = {"read",  "ioctl", "socket", "openat", "clone",  "chmod",          "personality",
                                      "mount", "write", "fchmod", "clone3", "ptrace", "io_uring_setup", "socketpair"};

SyscallFilter strict() {
  return generate_filter(test::strict_profile(), {}, test::runc_facts());
}

template <typename T, std::size_t N>
const T& any_of(const T (&values)[N], std::mt19937_64& random) {
  return values[random() % N];
}

Json random_argument(std::mt19937_64& random, bool simple) {
  static constexpr const char* ops[] = {"SCMP_CMP_EQ", "SCMP_CMP_MASKED_EQ", "SCMP_CMP_NE", "SCMP_CMP_LT",
                                        "SCMP_CMP_LE", "SCMP_CMP_GT",        "SCMP_CMP_GE"};
  Json argument = {{"index", random() % 4}, {"value", test::sample_value(random)}};
  argument["op"] = ops[random() % (simple ? 2 : std::size(ops))];
  if (argument["op"] == "SCMP_CMP_MASKED_EQ") argument["valueTwo"] = test::sample_value(random);
  return argument;
}

// A filter as a user may write one: conditions of every kind, rules that contradict each other, odd defaults.
// `simple`: an allow-list of equalities and masks, for which the intersection is exact.
Json random_filter(std::mt19937_64& random, bool simple) {
  static constexpr const char* actions[] = {"SCMP_ACT_ALLOW",        "SCMP_ACT_ALLOW", "SCMP_ACT_ALLOW",
                                            "SCMP_ACT_ERRNO",        "SCMP_ACT_LOG",   "SCMP_ACT_KILL",
                                            "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"};
  Json seccomp = {{"defaultAction", simple ? "SCMP_ACT_ERRNO" : any_of(actions, random)}, {"syscalls", Json::array()}};
  const std::size_t rules = 1 + random() % 12;
  for (std::size_t i = 0; i < rules; ++i) {
    Json rule = {{"names", {any_of(some_calls, random), any_of(some_calls, random)}}};
    rule["action"] = simple ? "SCMP_ACT_ALLOW" : any_of(actions, random);
    if (rule["action"] == "SCMP_ACT_ERRNO" && random() % 2 == 0) rule["errnoRet"] = random() % 40;
    for (std::size_t n = random() % 3; n > 0; --n) rule["args"].push_back(random_argument(random, simple));
    seccomp["syscalls"].push_back(rule);
  }
  return seccomp;
}

bool may(const std::vector<sock_filter>& program, int number, const Arguments& arguments) {
  const std::uint32_t answer = test::run_filter(program, AUDIT_ARCH_X86_64, number, arguments);
  return answer == SECCOMP_RET_ALLOW || answer == SECCOMP_RET_LOG;
}

std::string described(int number, const Arguments& a) {
  return fmt::format("call {} of {:x} {:x} {:x} {:x}", number, a[0], a[1], a[2], a[3]);
}

struct Programs {
  std::vector<sock_filter> ours, given, result;

  // Nothing is allowed that one of them denies.
  void check_never_weaker(int number, const Arguments& a) const {
    const bool allowed = may(result, number, a);
    if (allowed && !may(ours, number, a)) FAIL("more than the profile: " << described(number, a));
    if (allowed && !may(given, number, a)) FAIL("more than the engine's filter: " << described(number, a));
  }
  void check_exact(int number, const Arguments& a) const {
    if (may(result, number, a) != (may(ours, number, a) && may(given, number, a)))
      FAIL("less than both allow: " << described(number, a));
  }
  // The same for random calls; `exact` asks for both properties.
  void check_samples(std::mt19937_64& random, int samples, bool exact) const {
    for (int sample = 0; sample < samples; ++sample) {
      const int number = some_numbers()[random() % some_numbers().size()];
      const Arguments a = test::sample_arguments(random);
      check_never_weaker(number, a);
      if (exact) check_exact(number, a);
    }
  }
  static const std::vector<int>& some_numbers() {
    static const std::vector<int> numbers = [] {
      std::vector<int> all;
      for (const char* call : some_calls) all.push_back(test::number_of(call));
      return all;
    }();
    return numbers;
  }
};

Json intersected(const SyscallFilter& ours, const Json& given) {
  return write_filter(intersect(ours, read_filter(given, EPERM)), native, {});
}

void check_fixed_point(const SyscallFilter& ours, const Json& result) {
  INFO(result.dump());
  CHECK(intersected(ours, result) == result);
}

}  // namespace

TEST_CASE("whatever filter a user writes, the result allows no more than it and the profile") {
  std::mt19937_64 random(11);
  const SyscallFilter ours = strict();
  const auto our_program = test::program_of(write_filter(ours, native, {}));
  int loadable = 0;
  for (int round = 0; round < 400; ++round) {
    const Json given = random_filter(random, false);
    const Json result = intersected(ours, given);
    check_fixed_point(ours, result);
    const auto given_program = kernel::compile_seccomp(given, native.front());
    if (!given_program) continue;  // contradictory rules libseccomp itself refuses
    ++loadable;
    const Programs three{our_program, *given_program, test::program_of(result)};
    INFO(given.dump() << "\n" << result.dump());
    three.check_samples(random, 300, false);
  }
  CHECK(loadable > 200);
}

TEST_CASE("of two lists of equalities and masks the result is exactly the common part") {
  std::mt19937_64 random(12);
  const SyscallFilter ours = strict();
  const auto our_program = test::program_of(write_filter(ours, native, {}));
  for (int round = 0; round < 200; ++round) {
    const Json given = random_filter(random, true);
    const Json result = intersected(ours, given);
    check_fixed_point(ours, result);
    const Programs three{our_program, test::program_of(given), test::program_of(result)};
    INFO(given.dump() << "\n" << result.dump());
    three.check_samples(random, 300, true);
  }
}

TEST_CASE("two random filters, the first of them for ours") {
  std::mt19937_64 random(13);
  for (int round = 0; round < 300; ++round) {
    const Json first = random_filter(random, true);
    const Json second = random_filter(random, false);
    const SyscallFilter ours = read_filter(first, EPERM);
    const Json result = intersected(ours, second);
    check_fixed_point(ours, result);
    const auto given_program = kernel::compile_seccomp(second, native.front());
    if (!given_program) continue;
    const Programs three{test::program_of(first), *given_program, test::program_of(result)};
    INFO(first.dump() << "\n" << second.dump() << "\n" << result.dump());
    three.check_samples(random, 200, false);
  }
}

TEST_CASE("Docker's own profile with the strict one: all that both allow, over every call") {
  const Json docker = test::data_file("specs/docker-default.json").at("linux").at("seccomp");
  const SyscallFilter ours = strict();
  const Json result = intersected(ours, docker);
  check_fixed_point(ours, result);
  const Programs three{test::program_of(write_filter(ours, native, {})), test::program_of(docker),
                       test::program_of(result)};
  std::mt19937_64 random(14);
  for (int number = 0; number <= 600; ++number) {
    for (int sample = 0; sample < 40; ++sample) {
      const Arguments a = test::sample_arguments(random);
      three.check_never_weaker(number, a);
      three.check_exact(number, a);
    }
  }
}

TEST_CASE("the answer to a call that is denied") {
  struct Row {
    const char* what;
    const char* given;
    const char* call;
    std::uint32_t answer;
  };
  using test::answers_errno;
  const Row rows[] = {
      {"both deny it: ours",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]})",
       "mount", answers_errno(EPERM)},
      {"the user denies it with an errno of his own",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":13}]})",
       "mkdir", answers_errno(13)},
      {"the user kills for it",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_KILL_PROCESS"}]})",
       "mount", SECCOMP_RET_KILL_PROCESS},
      {"the user does not list it",
       R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]})", "mkdir",
       answers_errno(ENOSYS)},
      {"the user kills for what he does not list",
       R"({"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"}]})", "mkdir",
       SECCOMP_RET_KILL_PROCESS},
      {"the user kills the thread that makes it",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mount"],"action":"SCMP_ACT_KILL_THREAD"}]})",
       "mount", SECCOMP_RET_KILL_PROCESS},
      {"one kind of killing beside the other: neither is lost",
       R"({"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW"},
         {"names":["read"],"action":"SCMP_ACT_KILL_PROCESS","args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]})",
       "read", SECCOMP_RET_KILL_PROCESS},
      {"he kills for two kinds of arguments that libseccomp cannot hold beside one another: then for all",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
         {"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS","args":[
           {"index":0,"value":9,"op":"SCMP_CMP_GE"},{"index":1,"value":1,"op":"SCMP_CMP_EQ"}]},
         {"names":["mkdir"],"action":"SCMP_ACT_KILL_PROCESS","args":[
           {"index":0,"value":9,"op":"SCMP_CMP_GE"},{"index":1,"value":2,"op":"SCMP_CMP_EQ"}]}]})",
       "mkdir", SECCOMP_RET_KILL_PROCESS},
      {"he lists it, the profile denies it",
       R"({"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["mount"],"action":"SCMP_ACT_ALLOW"}]})", "mount",
       answers_errno(EPERM)},
      {"he lists it, the profile does not know it",
       R"({"defaultAction":"SCMP_ACT_KILL","syscalls":[{"names":["io_uring_setup"],"action":"SCMP_ACT_ALLOW"}]})",
       "io_uring_setup", answers_errno(ENOSYS)},
      {"he would trace it",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_TRACE"}]})", "mkdir",
       answers_errno(EPERM)},
      {"he would ask a listener",
       R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]})", "mkdir",
       answers_errno(EPERM)},
      {"he only logs it", R"({"defaultAction":"SCMP_ACT_LOG","syscalls":[]})", "mkdir", SECCOMP_RET_ALLOW},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    const SyscallFilter ours = strict();
    const Json result = intersected(ours, Json::parse(row.given));
    CHECK(test::run_filter(test::program_of(result), AUDIT_ARCH_X86_64, test::number_of(row.call), {}) == row.answer);
    check_fixed_point(ours, result);
  }
}

TEST_CASE("a profile made to explode is answered with a denial, in little time") {
  Json given = {{"defaultAction", "SCMP_ACT_ALLOW"}, {"syscalls", Json::array()}};
  std::mt19937_64 random(15);
  for (int i = 0; i < 60; ++i) {
    Json rule = {{"names", some_calls}, {"action", "SCMP_ACT_KILL"}};
    for (int index = 0; index < 6; ++index)
      rule["args"].push_back(
          {{"index", index}, {"value", random()}, {"valueTwo", random()}, {"op", "SCMP_CMP_MASKED_EQ"}});
    given["syscalls"].push_back(rule);
  }
  const SyscallFilter ours = strict();
  const Json result = intersected(ours, given);
  check_fixed_point(ours, result);
  CHECK_FALSE(test::allows(test::program_of(result), test::number_of("read"), {}));
}
