#include "controls/controls.h"
#include "controls/seccomp_samples.h"

using namespace hardened;

namespace {

Policy strict_policy() {
  Policy policy;
  policy.profile.seccomp = test::strict_profile();
  return policy;
}

Facts facts_under(Engine engine) {
  Facts facts = test::runc_facts();
  facts.workload.engine = engine;
  return facts;
}

std::vector<controls::Finding> findings(const Spec& spec, const Policy& policy, const Facts& facts) {
  return controls::seccomp.evaluate(spec, policy, facts).findings();
}

Spec applied(const Spec& spec, const Policy& policy, const Facts& facts) {
  Spec result = spec;
  for (const controls::Finding& finding : findings(spec, policy, facts)) REQUIRE(result.apply(finding.change));
  return result;
}

Spec docker_spec(const char* name) {
  return Spec(test::data_file(std::string("specs/docker-") + name + ".json"));
}

Spec with_seccomp(const char* text) {
  Json document = Json::parse(R"({"process":{"capabilities":{"bounding":[]}},"linux":{}})");
  document["linux"]["seccomp"] = Json::parse(text);
  return Spec(std::move(document));
}

}  // namespace

TEST_CASE("seccomp: a filter the engine gave is narrowed silently, and only once") {
  for (const char* name : {"default", "limits"}) {
    INFO(name);
    const Spec spec = docker_spec(name);
    const Facts facts = facts_under(Engine::docker);
    const auto found = findings(spec, strict_policy(), facts);
    REQUIRE(found.size() == 1);
    CHECK(found.front().kind == controls::Kind::tighten);
    CHECK(found.front().change.pointer == "/linux/seccomp");
    const Spec hardened = applied(spec, strict_policy(), facts);
    CHECK(findings(hardened, strict_policy(), facts).empty());
    CHECK(*hardened.find("/linux/seccomp/architectures") == Json::array({"SCMP_ARCH_X86_64"}));
    const auto program = test::program_of(*hardened.find("/linux/seccomp"));
    CHECK(test::allows(program, test::number_of("read"), {}));
    CHECK_FALSE(test::allows(program, test::number_of("mount"), {}));
  }
}

TEST_CASE("seccomp: what the final capabilities lack is denied although the engine's filter was made for more") {
  const Spec spec = docker_spec("default");
  const Facts facts = facts_under(Engine::docker);
  CHECK(test::allows(test::program_of(*spec.find("/linux/seccomp")), test::number_of("chroot"), {}));
  const auto with = test::program_of(*applied(spec, strict_policy(), facts).find("/linux/seccomp"));
  CHECK(test::allows(with, test::number_of("chroot"), {}));
  Json document = spec.document();
  document["process"]["capabilities"]["bounding"] = Json::array({"CAP_CHOWN"});
  const auto without = test::program_of(*applied(Spec(document), strict_policy(), facts).find("/linux/seccomp"));
  CHECK_FALSE(test::allows(without, test::number_of("chroot"), {}));
}

TEST_CASE("seccomp: a container without a filter was asked for where the engine has one by default") {
  struct Row {
    Engine engine;
    controls::Kind kind;
  };
  const Row rows[] = {{Engine::docker, controls::Kind::excess},    {Engine::podman, controls::Kind::excess},
                      {Engine::cri_o, controls::Kind::excess},     {Engine::containerd, controls::Kind::tighten},
                      {Engine::buildkit, controls::Kind::tighten}, {Engine::unknown, controls::Kind::tighten}};
  for (const Row& row : rows) {
    for (const char* name : {"privileged", "hostile"}) {
      INFO(engine_name(row.engine) << " " << name);
      const Spec spec = docker_spec(name);
      const Facts facts = facts_under(row.engine);
      const auto found = findings(spec, strict_policy(), facts);
      REQUIRE(found.size() == 1);
      CHECK(found.front().kind == row.kind);
      CHECK(found.front().clampable);
      if (row.kind == controls::Kind::excess) CHECK(found.front().subject == "seccomp=unconfined");
      const Spec clamped = applied(spec, strict_policy(), facts);
      CHECK(findings(clamped, strict_policy(), facts).empty());
      CHECK_FALSE(test::allows(test::program_of(*clamped.find("/linux/seccomp")), test::number_of("bpf"), {}));
    }
  }
}

TEST_CASE("seccomp: a listener outside of the container is an excess, and clamping takes it away") {
  for (const char* text : {R"({"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent.sock","listenerMetadata":"x",
                               "syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]})",
                           R"({"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/run/agent.sock"})"}) {
    const Spec spec = with_seccomp(text);
    const Facts facts = facts_under(Engine::docker);
    const auto found = findings(spec, strict_policy(), facts);
    REQUIRE(found.size() == 1);
    CHECK(found.front().kind == controls::Kind::excess);
    CHECK(found.front().subject == "seccomp=notify");
    const Spec clamped = applied(spec, strict_policy(), facts);
    CHECK(clamped.find("/linux/seccomp/listenerPath") == nullptr);
    CHECK(clamped.find("/linux/seccomp/listenerMetadata") == nullptr);
    CHECK(findings(clamped, strict_policy(), facts).empty());
  }
}

TEST_CASE("seccomp: flags the runtime would stumble over or that weaken are dropped") {
  const char* given =
      R"({"defaultAction":"SCMP_ACT_ALLOW","flags":["SECCOMP_FILTER_FLAG_SPEC_ALLOW","SECCOMP_FILTER_FLAG_LOG",
                          "SECCOMP_FILTER_FLAG_TSYNC"]})";
  struct Row {
    host::RuntimeKind kind;
    int minor;
    Json flags;
  };
  const Json log = Json::array({"SECCOMP_FILTER_FLAG_LOG"});
  const Row rows[] = {{host::RuntimeKind::runc, 1, Json::array()},
                      {host::RuntimeKind::runc, 2, log},
                      {host::RuntimeKind::crun, 8, log},
                      {host::RuntimeKind::other, 9, Json::array()}};
  for (const Row& row : rows) {
    const Facts facts = test::facts_of(row.kind, 1, row.minor, 0);
    const Spec spec = applied(with_seccomp(given), strict_policy(), facts);
    CHECK(*spec.find("/linux/seccomp/flags") == row.flags);
    CHECK(findings(spec, strict_policy(), facts).empty());
    const Spec unasked = applied(with_seccomp(R"({"defaultAction":"SCMP_ACT_ALLOW"})"), strict_policy(), facts);
    CHECK(*unasked.find("/linux/seccomp/flags") == Json::array());
  }
}

TEST_CASE("seccomp: 32-bit ABIs need the profile and the engine") {
  Policy policy = strict_policy();
  policy.profile.seccomp.compat_architectures = true;
  const Facts facts = test::runc_facts();
  const auto architectures = [&](const char* given) {
    return *applied(with_seccomp(given), policy, facts).find("/linux/seccomp/architectures");
  };
  CHECK(architectures(R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X86_64","SCMP_ARCH_X86"]})") ==
        Json::array({"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"}));
  CHECK(architectures(R"({"defaultAction":"SCMP_ACT_ALLOW","architectures":["SCMP_ARCH_X32"]})") ==
        Json::array({"SCMP_ARCH_X86_64"}));
  CHECK(architectures(R"({"defaultAction":"SCMP_ACT_ALLOW"})") == Json::array({"SCMP_ARCH_X86_64"}));
}

TEST_CASE("seccomp: a filter nobody can load becomes one that can be, and allows nothing by accident") {
  for (
      const char* text :
      {R"({})", R"({"defaultAction":null})", R"({"defaultAction":"SCMP_ACT_ALLOWED"})",
       R"({"defaultAction":"SCMP_ACT_TRACE"})", R"({"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":70000})",
       R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":[],"action":"SCMP_ACT_ALLOW"}]})",
       R"({"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ALLOW","args":[{"index":9,"op":"SCMP_CMP_EQ","value":0}]}]})"}) {
    INFO(text);
    const Spec spec = applied(with_seccomp(text), strict_policy(), test::runc_facts());
    const auto program = test::program_of(*spec.find("/linux/seccomp"));
    for (int number = 0; number < 600; ++number) CHECK_FALSE(test::allows(program, number, {}));
    CHECK(findings(spec, strict_policy(), test::runc_facts()).empty());
  }
}

TEST_CASE("seccomp: a spec without capabilities or linux section is judged too") {
  const Spec hardened = applied(Spec(Json::object()), strict_policy(), test::runc_facts());
  CHECK(hardened.text("/linux/seccomp/defaultAction") == "SCMP_ACT_ERRNO");
  CHECK(findings(hardened, strict_policy(), test::runc_facts()).empty());
}
