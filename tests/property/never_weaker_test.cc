// Random specs, 100,000 of them a run of tests/run (HARDENED_SPECS): never weaker, idempotent, changes only where a
// control owns, unknown members kept. The seed is printed; HARDENED_SEED repeats a run.
#include <cstdlib>
#include <optional>
#include <random>

#include "catch.h"
#include "controls/engine.h"
#include "controls/registry.h"
#include "generator.h"
#include "oci/strict_json.h"
#include "oracle.h"
#include "policy/load.h"
#include "runtime/known_names.h"
#include "util/text.h"

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
bool is_replayed(const Json& spec, const controls::Judgement& judgement) {
  Json result = spec;
  for (const controls::Decision& decision : judgement.decisions) {
    const bool changes =
        decision.outcome == controls::Outcome::enforced || decision.outcome == controls::Outcome::clamped;
    if (changes && !oci::apply(result, decision.finding.change)) return false;
  }
  return result == judgement.spec.document();
}

// One sample under one policy, and what is wrong with what became of it.
struct Trial {
  const property::Sample& sample;
  const Policy& policy;
  std::vector<std::string> wrong;

  void expect(bool holds, const std::string& sentence) {
    if (!holds) wrong.push_back(sentence);
  }
};

// What holds at every level: the record tells the whole truth, and judging the result again changes nothing. Returns
// the hardened spec; nothing where it is refused.
std::optional<Json> harden(Trial& trial) {
  const auto judgement = controls::harden(Spec(trial.sample.spec), trial.policy, trial.sample.facts);
  if (!judgement) {
    trial.wrong.push_back(judgement.error().message);
    return std::nullopt;
  }
  trial.expect(is_replayed(trial.sample.spec, *judgement), "the recorded changes do not make the hardened spec");
  if (judgement->refusal() != nullptr) return std::nullopt;
  const auto again = controls::harden(judgement->spec, trial.policy, trial.sample.facts);
  trial.expect(again && again->spec.document() == judgement->spec.document(), "judging it again changes it");
  const auto read = oci::parse_strict(judgement->spec.document().dump(), "config.json");
  trial.expect(read && read->value == judgement->spec.document(), "its text reads back as another document");
  return judgement->spec.document();
}

void check_unknown_members(Trial& trial, const Json& hardened) {
  for (const std::string& pointer : trial.sample.facts.unknown_members) {
    const Json::json_pointer path(pointer);
    trial.expect(hardened.contains(path) && hardened.at(path) == trial.sample.spec.at(path), "lost: " + pointer);
  }
}

void report(const Trial& trial) {
  if (trial.wrong.empty()) return;
  FAIL_CHECK(join(trial.wrong, "\n") << "\nmutations: " << trial.sample.story
                                     << "\nspec: " << trial.sample.spec.dump());
}

struct Run {
  std::uint64_t seed = number_from("HARDENED_SEED", std::random_device{}());
  std::uint64_t count;
  property::Generator generator{seed};

  explicit Run(std::uint64_t specs) : count(specs) { WARN("seed " << seed << ", " << count << " specs"); }
};

std::uint64_t specs() {
  return number_from("HARDENED_SPECS", 1000);
}

}  // namespace

TEST_CASE("random specs: a hardened spec is never weaker, judging it again changes nothing, unknown members survive") {
  Run run(specs());
  const Policy policies[] = {clamping("strict"), clamping("compat")};
  std::size_t passed = 0;
  for (std::uint64_t i = 0; i < run.count; ++i) {
    const property::Sample sample = run.generator.next();
    Trial trial{sample, policies[i % 2], {}};
    if (const auto hardened = harden(trial)) {
      ++passed;
      check_unknown_members(trial, *hardened);
      for (std::string& sentence : property::violations(sample.spec, *hardened, trial.policy, sample.facts))
        trial.wrong.push_back(std::move(sentence));
    }
    report(trial);
  }
  WARN(passed << " were not refused");
  // A generator whose specs are all refused would prove nothing.
  CHECK(passed * 10 > run.count);
}

TEST_CASE("random specs: with every control at a level of its own the records are true and the result is stable") {
  Run run(specs() / 8);
  std::mt19937_64 random(run.seed);
  for (std::uint64_t i = 0; i < run.count; ++i) {
    const property::Sample sample = run.generator.next();
    Policy policy = mixed(random);
    Trial trial{sample, policy, {}};
    (void)harden(trial);
    policy.mode = policy::Mode::audit;
    const auto audited = controls::harden(Spec(sample.spec), policy, sample.facts);
    trial.expect(audited && audited->spec.document() == sample.spec, "audit mode changes the spec");
    report(trial);
  }
}

// The oracle is worth what it sees: with a control switched off some spec must come out weaker, and the oracle must say
// so.
TEST_CASE("random specs: the oracle notices each control that is missing") {
  constexpr const char* noticed[] = {"additional-groups",
                                     "annotations",
                                     "apparmor",
                                     "blkio",
                                     "capabilities",
                                     "cpu",
                                     "devices",
                                     "engine-sockets",
                                     "hooks",
                                     "host-namespaces",
                                     "hugetlb",
                                     "intel-rdt",
                                     "masked-paths",
                                     "memory",
                                     "mount-options",
                                     "mount-types",
                                     "net-devices",
                                     "no-new-privileges",
                                     "non-root-user",
                                     "pids",
                                     "process-knobs",
                                     "propagation",
                                     "read-only-rootfs",
                                     "rlimits",
                                     "seccomp",
                                     "sensitive-mounts",
                                     "sysctls",
                                     "system-mounts",
                                     "tmpfs-size",
                                     "unified-cgroup"};
  constexpr int most = 20000;
  for (const char* control : noticed) {
    INFO(control);
    property::Generator generator(1);
    Policy policy = clamping("strict");
    policy.levels[control] = policy::Level::off;
    bool seen = false;
    for (int i = 0; i < most && !seen; ++i) {
      const property::Sample sample = generator.next();
      const auto judgement = controls::harden(Spec(sample.spec), policy, sample.facts);
      if (!judgement || judgement->refusal() != nullptr) continue;
      seen = !property::violations(sample.spec, judgement->spec.document(), policy, sample.facts).empty();
    }
    CHECK(seen);
  }
}
