// At least 100,000 random specs a run (HARDENED_SPECS): never weaker, idempotent, changes only where a control owns,
// unknown members kept. The seed is printed; HARDENED_SEED repeats a run.
#include <cstdlib>
#include <optional>
#include <random>

#include "catch.h"
#include "controls/engine.h"
#include "controls/registry.h"
#include "generator.h"
#include "oracle.h"
#include "policy/load.h"
#include "runtime/known_names.h"

using namespace hardened;

namespace {

std::uint64_t number_from(const char* variable, std::uint64_t fallback) {
  const char* text = std::getenv(variable);
  return text == nullptr ? fallback : std::strtoull(text, nullptr, 10);
}

// Clamp instead of refuse, so that as many specs as possible get through to be checked; what cannot be clamped is
// refused. Unknown members are left, so that it can be seen whether they survive.
Policy clamping(const char* profile) {
  Policy policy;
  auto shipped = policy::built_in(profile, runtime::known_names());
  if (!shipped) FAIL(shipped.error().message);
  policy.profile = *std::move(shipped);
  for (const controls::Control* control : controls::registry())
    policy.levels[std::string(control->id)] = policy::Level::clamp;
  policy.levels["unknown-fields"] = policy::Level::warn;
  return policy;
}

// Every control at a level of its own: what one leaves must not confuse another.
Policy mixed(std::mt19937_64& random) {
  constexpr policy::Level levels[] = {policy::Level::enforce, policy::Level::clamp, policy::Level::warn,
                                      policy::Level::warn, policy::Level::off};
  Policy policy = clamping(random() % 2 == 0 ? "strict" : "compat");
  for (auto& [control, level] : policy.levels) level = levels[random() % std::size(levels)];
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

// What holds at every level: the record tells the whole truth, and judging the result again changes nothing. Returns
// the hardened spec; nothing where it is refused.
std::optional<Json> harden(const property::Sample& sample, const Policy& policy) {
  const auto judgement = controls::harden(Spec(sample.spec), policy, sample.facts);
  if (!judgement) {
    FAIL_CHECK(judgement.error().message);
    return std::nullopt;
  }
  CHECK(replayed(sample.spec, *judgement) == judgement->spec.document());
  if (judgement->refusal() != nullptr) return std::nullopt;
  const auto again = controls::harden(judgement->spec, policy, sample.facts);
  REQUIRE(again);
  CHECK(again->spec.document() == judgement->spec.document());
  return judgement->spec.document();
}

void check_unknown_members(const property::Sample& sample, const Json& hardened) {
  for (const std::string& pointer : sample.facts.unknown_members) {
    const Json::json_pointer path(pointer);
    CHECK(hardened.contains(path));
    if (hardened.contains(path)) CHECK(hardened.at(path) == sample.spec.at(path));
  }
}

std::uint64_t seed() {
  return number_from("HARDENED_SEED", std::random_device{}());
}
std::uint64_t specs() {
  return number_from("HARDENED_SPECS", 2000);
}

}  // namespace

TEST_CASE("random specs: a hardened spec is never weaker, judging it again changes nothing, unknown members survive") {
  const std::uint64_t start = seed();
  const std::uint64_t count = specs();
  WARN("seed " << start << ", " << count << " specs");
  property::Generator generator(start);
  const Policy policies[] = {clamping("strict"), clamping("compat")};
  std::size_t passed = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const property::Sample sample = generator.next();
    const Policy& policy = policies[i % 2];
    INFO("mutations: " << sample.story << "\nspec: " << sample.spec.dump());
    const auto hardened = harden(sample, policy);
    if (!hardened) continue;
    ++passed;
    for (const std::string& sentence : property::violations(sample.spec, *hardened, policy, sample.facts))
      FAIL_CHECK(sentence);
    check_unknown_members(sample, *hardened);
  }
  WARN(passed << " were not refused");
  // A generator whose specs are all refused would prove nothing.
  CHECK(passed * 10 > count);
}

TEST_CASE("random specs: with every control at a level of its own the records are true and the result is stable") {
  const std::uint64_t start = seed();
  const std::uint64_t count = specs() / 4;
  WARN("seed " << start << ", " << count << " specs");
  property::Generator generator(start);
  std::mt19937_64 random(start);
  for (std::uint64_t i = 0; i < count; ++i) {
    const property::Sample sample = generator.next();
    Policy policy = mixed(random);
    INFO("mutations: " << sample.story << "\nspec: " << sample.spec.dump());
    (void)harden(sample, policy);
    policy.mode = policy::Mode::audit;
    const auto audited = controls::harden(Spec(sample.spec), policy, sample.facts);
    REQUIRE(audited);
    CHECK(audited->spec.document() == sample.spec);
  }
}
