#include "controls/seccomp_filter_model.h"

#include <cerrno>

#include "catch.h"
#include "controls/seccomp_samples.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

SyscallFilter read(const char* text) {
  return read_filter(Json::parse(text), EPERM);
}

const CallRule& only_rule(const SyscallFilter& filter) {
  REQUIRE(filter.calls.size() == 1);
  return *filter.calls.front().rule;
}

Json rule_with(const char* action, const char* arguments) {
  Json seccomp = Json::parse(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"]}]})");
  seccomp["syscalls"][0]["action"] = action;
  seccomp["syscalls"][0]["args"] = Json::parse(arguments);
  return seccomp;
}

}  // namespace

TEST_CASE("default actions and their errno") {
  CHECK(read(R"({"defaultAction":"SCMP_ACT_ERRNO"})").fallback == Answer{Action::error, EPERM});
  CHECK(read(R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38})").fallback == Answer{Action::error, 38});
  CHECK(read(R"({"defaultAction":"SCMP_ACT_KILL"})").fallback == Answer{Action::kill_process, 0});
  CHECK(read(R"({"defaultAction":"SCMP_ACT_KILL_PROCESS"})").fallback == Answer{Action::kill_process, 0});
  CHECK(read(R"({"defaultAction":"SCMP_ACT_LOG"})").fallback.action == Action::allow);
  for (const char* text : {R"({})", R"({"defaultAction":"SCMP_ACT_TRACE"})", R"({"defaultAction":"SCMP_ACT_NOTIFY"})",
                           R"({"defaultAction":"allow"})", R"({"defaultAction":7})", R"([])", R"("SCMP_ACT_ALLOW")"}) {
    INFO(text);
    CHECK(read(text).fallback == Answer{Action::error, EPERM});
  }
}

TEST_CASE("a rule that says what the default says is no rule") {
  CHECK(read(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"}]})")
            .calls.empty());
  CHECK(read(R"({"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_LOG"}]})")
            .calls.empty());
  CHECK(
      read(
          R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO","errnoRet":2}]})")
          .calls.size() == 1);
}

TEST_CASE("conditions on two arguments must both hold, two on one are alternatives") {
  const auto both_hold =
      read_filter(rule_with("SCMP_ACT_ALLOW",
                            R"([{"index":1,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"}])"),
                  EPERM);
  CHECK(only_rule(both_hold).allow == std::vector<Clause>{{equals(0, 2), equals(1, 1)}});
  const auto either = read_filter(
      rule_with(
          "SCMP_ACT_ALLOW",
          R"([{"index":0,"value":1,"op":"SCMP_CMP_EQ"},{"index":0,"value":2,"op":"SCMP_CMP_EQ"},{"index":1,"value":3,"op":"SCMP_CMP_EQ"}])"),
      EPERM);
  CHECK(only_rule(either).allow == std::vector<Clause>{{equals(0, 1)}, {equals(0, 2)}, {equals(1, 3)}});
}

TEST_CASE("a condition that is none allows nothing, and in a denial denies everything") {
  for (const char* arguments :
       {R"([{"index":6,"value":1,"op":"SCMP_CMP_EQ"}])", R"([{"index":0,"value":1,"op":"=="}])",
        R"([{"index":-1,"value":1,"op":"SCMP_CMP_EQ"}])", R"([{"index":0,"value":-1,"op":"SCMP_CMP_EQ"}])",
        R"([{"index":0,"value":1.5,"op":"SCMP_CMP_EQ"}])", R"([7])", R"([{"index":0,"value":0,"op":"SCMP_CMP_LT"}])"}) {
    INFO(arguments);
    CHECK(only_rule(read_filter(rule_with("SCMP_ACT_ALLOW", arguments), EPERM)).allow.empty());
    CHECK(only_rule(read_filter(rule_with("SCMP_ACT_KILL", arguments), EPERM)).deny.front().clause.empty());
  }
}

TEST_CASE("where rules contradict each other the severe one counts") {
  const auto filter = read(R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[
    {"names":["read"],"action":"SCMP_ACT_TRAP"},{"names":["read"],"action":"SCMP_ACT_KILL_PROCESS"},{"names":["read"],"action":"SCMP_ACT_ALLOW"}]})");
  CHECK(only_rule(filter).deny == std::vector<Denial>{{{}, {Action::kill_process, 0}}});
}

TEST_CASE("a profile of thousands of rules for one call denies the call") {
  Json seccomp = {{"defaultAction", "SCMP_ACT_ERRNO"}, {"syscalls", Json::array()}};
  for (int i = 0; i < 1000; ++i) {
    const Json arguments = Json::array({{{"index", 0}, {"value", i}, {"op", "SCMP_CMP_EQ"}}});
    seccomp["syscalls"].push_back({{"names", {"read"}}, {"action", "SCMP_ACT_ALLOW"}, {"args", arguments}});
    seccomp["syscalls"].push_back(
        {{"names", {"write"}}, {"action", i == 500 ? "SCMP_ACT_KILL" : "SCMP_ACT_TRAP"}, {"args", arguments}});
  }
  const SyscallFilter filter = read_filter(seccomp, EPERM);
  CHECK(find_rule(filter, "read")->allow.empty());
  CHECK(find_rule(filter, "write")->deny == std::vector<Denial>{{{}, {Action::kill_process, 0}}});
}

TEST_CASE("what is written is read again as the same") {
  SyscallFilter filter;
  filter.fallback = {Action::error, 38};
  filter.calls = sorted({
      {"read", settled({{}, {{{}, {Action::trap, 0}}}})},  // counts for nothing beside the later one
      {"write", always_allowed()},
      {"read", always_allowed()},
      {"close", settled({{}, {{{}, {Action::error, 1}}}})},
      {"ioctl", settled({{{masked(1, 0xff, 3)}, {at_least(0, 5), at_most(1, 9)}, {not_equal(2, 1ULL << 63)}},
                         {{{equals(3, every_bit)}, {Action::trap, 0}}}})},
  });
  REQUIRE(filter.calls.size() == 4);
  CHECK(find_rule(filter, "open") == nullptr);
  const Json written = write_filter(filter, {"SCMP_ARCH_X86_64"}, {});
  const SyscallFilter again = read_filter(written, 1);
  CHECK(again.fallback == filter.fallback);
  CHECK(again.calls == filter.calls);
  CHECK(write_filter(again, {"SCMP_ARCH_X86_64"}, {}) == written);
  CHECK(written.at("flags") == Json::array());
  CHECK(written.at("architectures") == Json::array({"SCMP_ARCH_X86_64"}));
  CHECK_FALSE(write_filter(filter, {}, {}).contains("architectures"));
  test::program_of(written);
}

TEST_CASE("calls with one rule share an entry, and errnoRet stands beside SCMP_ACT_ERRNO only") {
  const Json written = write_filter(read(R"({"defaultAction":"SCMP_ACT_KILL","defaultErrnoRet":3,"syscalls":[
    {"names":["write"],"action":"SCMP_ACT_ALLOW"},{"names":["read"],"action":"SCMP_ACT_ALLOW"},{"names":["dup"],"action":"SCMP_ACT_TRAP"}]})"),
                                    {}, {});
  CHECK(written == Json::parse(R"({"defaultAction":"SCMP_ACT_KILL_PROCESS","flags":[],"syscalls":[
    {"names":["dup"],"action":"SCMP_ACT_TRAP"},{"names":["read","write"],"action":"SCMP_ACT_ALLOW"}]})"));
}

TEST_CASE("a filter that asks a listener is recognised") {
  CHECK(notifies(Json::parse(R"({"defaultAction":"SCMP_ACT_NOTIFY"})")));
  CHECK(notifies(Json::parse(R"({"listenerPath":"/run/agent.sock"})")));
  CHECK(notifies(rule_with("SCMP_ACT_NOTIFY", "[]")));
  CHECK_FALSE(notifies(rule_with("SCMP_ACT_ALLOW", "[]")));
  CHECK_FALSE(notifies(Json::parse("[]")));
}
