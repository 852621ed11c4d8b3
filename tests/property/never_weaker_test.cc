// At least 100,000 random specs a run (HARDENED_SPECS): never weaker, idempotent, changes only where a control owns,
// unknown members kept. The seed is printed; HARDENED_SEED repeats a run.
#include <cstdlib>

#include "catch.h"
#include "controls/engine.h"
#include "generator.h"
#include "oracle.h"
#include "policy/load.h"

using namespace hardened;

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

// Clamp instead of refuse, so that as many specs as possible get through to be checked; what cannot be clamped is refused.
Policy clamping(const char* profile) {
  Policy policy;
  policy.profile = policy::built_in(profile).value();
  for (const char* control : {"capabilities", "host-namespaces", "devices", "memory", "pids", "cpu", "sysctls", "annotations",
                              "process-knobs", "rlimits", "propagation", "tmpfs-size", "seccomp", "apparmor", "unified-cgroup",
                              "additional-groups", "blkio", "intel-rdt", "mount-options", "hugetlb"})
    policy.levels[control] = policy::Level::clamp;
  return policy;
}

// Applying the recorded changes, and nothing else, to the engine's spec gives the hardened one.
Json replayed(const Json& spec, const controls::Judgement& judgement) {
  Json result = spec;
  for (const controls::Decision& decision : judgement.decisions) {
    if (decision.outcome == controls::Outcome::enforced || decision.outcome == controls::Outcome::clamped)
      REQUIRE(oci::apply(result, decision.finding.change));
  }
  return result;
}

void check(const property::Sample& sample, const Policy& policy, std::size_t& passed) {
  const auto judgement = controls::harden(Spec(sample.spec), policy, sample.facts);
  INFO("mutations: " << sample.story << "\nspec: " << sample.spec.dump());
  if (!judgement) FAIL(judgement.error().message);
  CHECK(replayed(sample.spec, *judgement) == judgement->spec.document());
  if (judgement->refusal() != nullptr) return;
  ++passed;
  for (const std::string& sentence : property::violations(sample.spec, judgement->spec.document(), policy, sample.facts)) FAIL_CHECK(sentence);
  if (const Json* odd = oci::find(sample.spec, "/process/x-unknown")) CHECK(judgement->spec.value("/process/x-unknown") == *odd);

  const auto again = controls::harden(judgement->spec, policy, sample.facts);
  REQUIRE(again);
  CHECK(again->spec.document() == judgement->spec.document());
}

}  // namespace

TEST_CASE("random specs: a hardened spec is never weaker, judging it again changes nothing, unknown members survive") {
  const std::uint64_t count = number_from("HARDENED_SPECS", 2000);
  const std::uint64_t seed = number_from("HARDENED_SEED", std::random_device{}());
  WARN("seed " << seed << ", " << count << " specs");
  property::Generator generator(seed);
  const Policy policies[] = {clamping("strict"), clamping("compat")};
  std::size_t passed = 0;
  for (std::uint64_t i = 0; i < count; ++i) check(generator.next(), policies[i % 2], passed);
  // A generator whose specs are all refused would prove nothing.
  CHECK(passed * 10 > count);
}
