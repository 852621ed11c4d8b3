#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

constexpr kernel::IdMapping ids{1073741824, 1073807360, 65536};
const std::string plain = R"({"process":{"user":{"uid":0,"gid":0}},"linux":{"namespaces":[{"type":"pid"}]}})";

Facts with_ids() {
  Facts facts;
  facts.ids = ids;
  return facts;
}

Policy wanting(bool may_lack = false) {
  Policy policy;
  policy.profile.user_namespace.own = true;
  policy.profile.user_namespace.may_lack = may_lack;
  return policy;
}

std::string process(const std::string& user) {
  return R"({"process":{"user":)" + user + R"(},"linux":{"namespaces":[{"type":"pid"}]}})";
}

}  // namespace

TEST_CASE("user-namespace: the claimed ids are mapped, users and groups each by their own") {
  CHECK(try_control(user_namespace, plain, wanting(), with_ids()).lines ==
        Lines{R"(tighten /linux/uidMappings [{"containerID":0,"hostID":1073741824,"size":65536}])",
              R"(tighten /linux/gidMappings [{"containerID":0,"hostID":1073807360,"size":65536}])"});
}

TEST_CASE("user-namespace: the namespace itself comes with the others, or is the peer's") {
  const Spec spec(Json::parse(R"({"linux":{"namespaces":[{"type":"pid"},{"type":"ipc"},{"type":"network"},
    {"type":"uts"},{"type":"mount"},{"type":"cgroup"}]}})"));
  Facts facts = with_ids();
  CHECK(try_control(host_namespaces, spec, {}, facts).lines == Lines{R"(tighten /linux/namespaces/- {"type":"user"})"});
  facts.joined_user_namespace = "/proc/7/ns/user";
  CHECK(try_control(host_namespaces, spec, {}, facts).lines ==
        Lines{R"(tighten /linux/namespaces/- {"type":"user","path":"/proc/7/ns/user"})"});
  CHECK(try_control(host_namespaces, spec).lines.empty());
}

TEST_CASE("user-namespace: where there is none the profile decides, and a tolerated lack is recorded") {
  Facts facts;
  facts.no_user_namespace = "the kernel has none";
  CHECK(try_control(user_namespace, plain, wanting(), facts).lines == Lines{"refuse none"});
  CHECK(try_control(user_namespace, plain, wanting(), {}).lines == Lines{"refuse none"});  // nobody prepared one
  CHECK(try_control(user_namespace, plain, {}, facts).lines.empty());
  const Verdict tolerated = user_namespace.evaluate(Spec(Json::parse(plain)), wanting(true), facts);
  REQUIRE(tolerated.findings().size() == 1);
  CHECK(tolerated.findings().front().kind == Kind::notice);
  CHECK(tolerated.findings().front().reason == "no user namespace of its own: the kernel has none");
}

TEST_CASE("user-namespace: nobody joins a container with users of its own without being one of them") {
  Facts facts;
  facts.joined_user_namespace = "/proc/7/ns/user";
  facts.no_user_namespace = "the kernel has none";
  Policy host = wanting(true);
  host.profile.user_namespace.own = false;
  for (const Policy& policy : {wanting(), wanting(true), host})
    CHECK(try_control(user_namespace, plain, policy, facts).lines == Lines{"refuse /proc/7/ns/user"});
}

TEST_CASE("user-namespace: an engine's own mapping is kept, unless it reaches root of the host") {
  const auto mapped = [](const char* host) {
    return std::string(R"({"linux":{"namespaces":[{"type":"user"}],"uidMappings":[{"containerID":0,"hostID":)") + host +
           R"(,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]}})";
  };
  CHECK(try_control(user_namespace, mapped("100000"), wanting()).lines.empty());
  CHECK(try_control(user_namespace, mapped("0"), wanting()).lines == Lines{"refuse 0"});
}

TEST_CASE("user-namespace: ids beyond the mapping are refused by name, on exec as well") {
  for (const auto operation : {host::Operation::create, host::Operation::exec}) {
    Facts facts = with_ids();
    facts.operation = operation;
    const auto refusals = [&](const std::string& user) {
      Lines found;
      const Verdict verdict = user_namespace.evaluate(Spec(Json::parse(process(user))), wanting(), facts);
      for (const Finding& finding : verdict.findings()) {
        if (finding.kind == Kind::excess) found.push_back(finding.change.pointer);
      }
      return found;
    };
    CHECK(refusals(R"({"uid":65535,"gid":65535,"additionalGids":[0,65535]})").empty());
    CHECK(refusals(R"({"uid":65536,"gid":0})") == Lines{"/process/user/uid"});
    CHECK(refusals(R"({"uid":0,"gid":70000,"additionalGids":[5,100000]})") ==
          Lines{"/process/user/gid", "/process/user/additionalGids/1"});
  }
}

TEST_CASE("user-namespace: no tmpfs belongs to an id beyond the mapping") {
  const auto judged = [](const std::string& options) {
    return try_control(user_namespace,
                       R"({"mounts":[{"destination":"/d","options":["gid=5"]},
        {"destination":"/x","type":"tmpfs","options":)" +
                           options + R"(}],"linux":{"namespaces":[{"type":"user"}],
        "uidMappings":[{"containerID":0,"hostID":1073741824,"size":65536}],
        "gidMappings":[{"containerID":0,"hostID":1073807360,"size":65536}]}})",
                       wanting(), with_ids())
        .lines;
  };
  CHECK(judged(R"(["uid=65535","gid=65535","mode=755"])").empty());
  CHECK(judged(R"(["uid=65536"])") == Lines{"refuse 65536"});
  CHECK(judged(R"(["noexec","gid=70000",7])") == Lines{"refuse 70000"});
  CHECK(judged(R"("uid=70000")").empty());  // no list: the runtime says so
}

TEST_CASE("user-namespace: ping is allowed to no group that is not mapped") {
  const auto judged = [](const char* range) {
    return try_control(sysctls, Json{{"linux", {{"sysctl", {{"net.ipv4.ping_group_range", range}}}}}}.dump(), {},
                       with_ids())
        .lines;
  };
  CHECK(judged("0 2147483647") == Lines{R"(tighten /linux/sysctl/net.ipv4.ping_group_range "0 65535")"});
  CHECK(judged("0\t2147483647") == Lines{R"(tighten /linux/sysctl/net.ipv4.ping_group_range "0 65535")"});
  CHECK(judged("0 65535").empty());
  CHECK(judged("1 0").empty());
}
