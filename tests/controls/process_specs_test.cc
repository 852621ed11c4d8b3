// The process controls together, through the engine, on specs as dockerd hands them over.
#include <fstream>
#include <iterator>

#include "controls/engine.h"
#include "controls/look.h"
#include "controls/registry.h"

using namespace hardened;
using policy::Level;

namespace {

constexpr const char* control_ids[] = {"additional-groups", "apparmor", "capabilities", "non-root-user",
                                       "process-knobs",     "rlimits",  "secret-env",   "selinux"};
constexpr const char* spec_names[] = {"docker-default", "docker-limits", "docker-hostile", "docker-privileged"};

Spec read_spec(const std::string& name) {
  std::ifstream file(std::string(HARDENED_SOURCE_DIR) + "/tests/data/specs/" + name + ".json");
  return Spec(Json::parse(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()));
}

// Only the controls of this file: the others have tests of their own.
Policy strict(Level level) {
  Policy policy;
  for (const controls::Control* control : controls::registry()) policy.levels[std::string(control->id)] = Level::off;
  for (const char* id : control_ids) policy.levels[id] = level;
  policy.profile.name = "strict";
  policy.profile.capabilities = {"CAP_NET_BIND_SERVICE"};
  policy.profile.root_user = policy::RootUser::run_as;
  policy.profile.limits.nofile = {1024, 65536};
  policy.profile.limits.nproc = {512, 4096};
  return policy;
}

Facts docker() {
  Facts facts;
  facts.workload.engine = Engine::docker;
  facts.apparmor = true;
  facts.apparmor_profiles = {"docker-default"};
  facts.groups = {{"disk", 6}, {"docker", 999}};
  return facts;
}

controls::Judgement judge(const Spec& spec, const Policy& policy, const Facts& facts) {
  auto judgement = controls::harden(spec, policy, facts);
  if (!judgement) FAIL(judgement.error().message);
  return *std::move(judgement);
}

std::string refusal(const Spec& spec, const Policy& policy, const Facts& facts) {
  const auto judgement = judge(spec, policy, facts);
  return judgement.refusal() == nullptr ? "" : controls::refusal_text(*judgement.refusal());
}

}  // namespace

TEST_CASE("process controls: all of them are in the registry") {
  for (const char* id : control_ids) CHECK(controls::find_control(id) != nullptr);
}

TEST_CASE("process controls: Docker's own specs pass, its hostile ones are refused with a reason") {
  const Policy policy = strict(Level::enforce);
  CHECK(refusal(read_spec("docker-default"), policy, docker()).empty());
  CHECK(refusal(read_spec("docker-limits"), policy, docker()).empty());
  CHECK(
      refusal(read_spec("docker-hostile"), policy, docker()) ==
      "refused by process-knobs: the oom score -500, to be killed for memory after others (OWASP Docker Cheat Sheet "
      "RULE #7); "
      "to allow it, add a waiver for control \"process-knobs\" with \"allow\": [\"-500\"] and a reason to the policy");
  CHECK(refusal(read_spec("docker-privileged"), policy, docker()) ==
        "refused by capabilities: the capability CAP_DAC_READ_SEARCH is not in profile \"strict\" (OWASP Docker Top 10 "
        "D04); "
        "to allow it, add it to \"capabilities\" of the profile");
}

TEST_CASE("process controls: clamped, every spec ends up with the same rights") {
  for (const char* name : spec_names) {
    INFO(name);
    const auto judgement = judge(read_spec(name), strict(Level::clamp), docker());
    CHECK(judgement.refusal() == nullptr);
    const Spec& spec = judgement.spec;
    for (const char* set : {"bounding", "effective", "permitted"})
      CHECK(spec.strings(std::string("/process/capabilities/") + set) ==
            std::vector<std::string>{"CAP_NET_BIND_SERVICE"});
    CHECK(spec.integer("/process/user/uid") == 65534);
    CHECK(spec.elements("/process/user/additionalGids").empty());
    CHECK(spec.text("/process/apparmorProfile") == "docker-default");
    CHECK(spec.integer("/process/oomScoreAdj") == 0);
    CHECK(spec.elements("/process/rlimits").size() == 2);
    const auto again = judge(spec, strict(Level::enforce), docker());
    CHECK(again.decisions.empty());
  }
}

TEST_CASE("process controls: an exec with the container's original process gets what create granted") {
  for (const char* name : spec_names) {
    INFO(name);
    const Spec original = read_spec(name);
    const Policy policy = strict(Level::clamp);
    const auto created = judge(original, policy, docker());
    Facts facts = docker();
    facts.operation = host::Operation::exec;
    facts.granted_process = *created.spec.find("/process");
    const auto exec = judge(Spec(Json{{"process", *original.find("/process")}}), policy, facts);
    CHECK(exec.refusal() == nullptr);
    CHECK(*exec.spec.find("/process") == facts.granted_process);
    CHECK(exec.spec.find("/linux") == nullptr);
  }
}

TEST_CASE("process controls: a waived capability stays in every set") {
  Policy policy = strict(Level::enforce);
  policy.waivers = {{"capabilities", {"CAP_*"}, "a test"}};
  const auto judgement = judge(read_spec("docker-privileged"), policy, docker());
  CHECK(judgement.refusal() == nullptr);
  CHECK(judgement.spec.find("/process/capabilities/effective/CAP_SYS_ADMIN") != nullptr);
  CHECK(judgement.spec.find("/process/capabilities/effective/CAP_CHOWN") == nullptr);
}
