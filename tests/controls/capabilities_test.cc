#include "controls/look.h"

using namespace hardened;
using test::look;

namespace {

struct Row {
  const char* sentence;
  std::vector<std::string> allowed;
  const char* process;
  const char* after;                    // of /process/capabilities
  std::vector<std::string> asked = {};  // capabilities the user has to be told about
  std::vector<std::string> refused = {};
};

const Row rows[] = {
    {"a container that asks for nothing gets nothing",
     {},
     R"({"capabilities":{"bounding":["CAP_CHOWN","CAP_KILL"],"permitted":["CAP_KILL"]}})",
     R"({"bounding":[],"permitted":[]})"},
    {"absent capabilities are written out as none",
     {"CAP_CHOWN"},
     "{}",
     R"({"bounding":[],"effective":[],"permitted":[],"inheritable":[],"ambient":[]})"},
    {"null capabilities are written out as none",
     {},
     R"({"capabilities":null})",
     R"({"bounding":[],"effective":[],"permitted":[],"inheritable":[],"ambient":[]})"},
    {"a granted capability stays where the engine put it",
     {"CAP_KILL"},
     R"({"capabilities":{"bounding":["CAP_CHOWN","CAP_KILL"],"effective":[],"permitted":["CAP_KILL"]}})",
     R"({"bounding":["CAP_KILL"],"effective":[],"permitted":["CAP_KILL"]})"},
    {"a granted capability that the engine did not give is not added",
     {"CAP_KILL", "CAP_SYS_ADMIN"},
     R"({"user":{"uid":1000},"capabilities":{"bounding":["CAP_KILL"],"ambient":[]}})",
     R"({"bounding":["CAP_KILL"],"ambient":[]})"},
    {"root has no inheritable and ambient set",
     {"CAP_KILL"},
     R"({"capabilities":{"bounding":["CAP_KILL"],"inheritable":["CAP_KILL","CAP_CHOWN"],"ambient":["CAP_KILL"]}})",
     R"({"bounding":["CAP_KILL"],"inheritable":[],"ambient":[]})"},
    {"another user keeps its granted inheritable and ambient capabilities",
     {"CAP_KILL"},
     R"({"user":{"uid":1000},"capabilities":{"bounding":["CAP_KILL"],"inheritable":["CAP_KILL","CAP_CHOWN"],"ambient":["CAP_KILL","CAP_CHOWN"]}})",
     R"({"bounding":["CAP_KILL"],"inheritable":["CAP_KILL"],"ambient":["CAP_KILL"]})"},
    {"an added capability is the user's wish, in every set",
     {},
     R"({"capabilities":{"bounding":["CAP_CHOWN","CAP_SYS_ADMIN"],"effective":["CAP_SYS_ADMIN"],"ambient":["CAP_SYS_PTRACE"]}})",
     R"({"bounding":[],"effective":[],"ambient":[]})",
     {"CAP_SYS_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"}},
    {"a capability given several times is taken out once and for all",
     {},
     R"({"capabilities":{"bounding":["CAP_SYS_ADMIN","CAP_KILL","CAP_SYS_ADMIN","CAP_KILL"]}})",
     R"({"bounding":[]})",
     {"CAP_SYS_ADMIN"}},
    {"spellings that runtimes read differently are refused",
     {"CAP_KILL"},
     R"({"capabilities":{"bounding":["cap_sys_admin","CAP_KILL","ALL","21","CAP_KILL=ep","","CAP_FOO/BAR"]}})",
     R"({"bounding":["cap_sys_admin","CAP_KILL","ALL","21","CAP_KILL=ep","","CAP_FOO/BAR"]})",
     {},
     {"cap_sys_admin", "ALL", "21", "CAP_KILL=ep", "", "CAP_FOO/BAR"}},
    {"a null set is an empty one",
     {},
     R"({"capabilities":{"bounding":null,"effective":["CAP_KILL"]}})",
     R"({"bounding":null,"effective":[]})"},
};

}  // namespace

TEST_CASE("capabilities: the profile's, and no more than the engine gave") {
  for (const Row& row : rows) {
    INFO(row.sentence);
    Policy policy;
    policy.profile.capabilities = row.allowed;
    const auto seen = look(controls::capabilities, Spec(Json{{"process", Json::parse(row.process)}}), policy, {});
    CHECK(seen.after.at("process").at("capabilities") == Json::parse(row.after));
    CHECK(seen.asked == row.asked);
    CHECK(seen.refused == row.refused);
  }
}

TEST_CASE("capabilities: the fourteen that engines give by default are no wish of the user") {
  const auto seen = look(
      controls::capabilities,
      R"({"process":{"capabilities":{"bounding":["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD",
      "CAP_NET_RAW","CAP_SETGID","CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]}}})");
  CHECK(seen.tightened.size() == 1);
  CHECK(seen.asked.empty());
}

TEST_CASE("capabilities: a misspelt name is answered with the right one") {
  const Spec spec(Json::parse(R"({"process":{"capabilities":{"bounding":["CAP_SYS_ADMINS"]}}})"));
  const auto verdict = controls::capabilities.evaluate(spec, Policy{}, Facts{});
  REQUIRE(verdict.findings().size() == 1);
  CHECK(verdict.findings().front().reason == R"("CAP_SYS_ADMINS" is not a capability (did you mean "CAP_SYS_ADMIN"?))");
}
