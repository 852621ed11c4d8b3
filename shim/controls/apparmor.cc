// Fields: /process/apparmorProfile. Allowed where the host has AppArmor: any loaded profile but none at all; on exec
// the container's own.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "controls/controls.h"
#include "controls/granted.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"CIS Docker 1.6.0", "5.2"},
                                    {"OWASP Docker Top 10", "D04"},
                                    {"OWASP Docker Cheat Sheet", "RULE #6"},
                                    {"Pod Security Standards", "baseline AppArmor"}};
constexpr std::string_view pointer = "/process/apparmorProfile";
constexpr std::string_view owns[] = {pointer};

struct EngineDefault {
  Engine engine;
  std::string_view pattern;
};
constexpr EngineDefault engine_defaults[] = {
    {Engine::docker, "docker-default"},       {Engine::buildkit, "docker-default"},
    {Engine::podman, "containers-default-*"},  // ends in a version
    {Engine::cri_o, "crio-default*"},         {Engine::containerd, "cri-containerd.apparmor.d"},
    {Engine::containerd, "nerdctl-default"}};

// The profile the engine would have set, as far as it is loaded: setting another one fails in the kernel (ENOENT).
std::optional<std::string> default_profile(const Facts& facts) {
  for (const EngineDefault& row : engine_defaults) {
    if (row.engine != facts.workload.engine) continue;
    for (const std::string& loaded : facts.apparmor_profiles) {
      if (glob_match(row.pattern, loaded)) return loaded;
    }
  }
  return std::nullopt;
}

// "unconfined", also in a policy namespace (":ns://unconfined") or stacked ("a//&unconfined"): names in which '/' or
// ':' or '&' stand before it.
bool is_unconfined(std::string_view profile) {
  constexpr std::string_view word = "unconfined";
  if (profile.size() < word.size() || profile.substr(profile.size() - word.size()) != word) return false;
  return profile.size() == word.size() ||
         std::string_view("/:&").find(profile[profile.size() - word.size() - 1]) != std::string_view::npos;
}

bool is_loaded(const std::string& profile, const Facts& facts) {
  const auto& loaded = facts.apparmor_profiles;
  return loaded.empty() || std::find(loaded.begin(), loaded.end(), profile) != loaded.end();
}

void object(Verdict& verdict, const std::string& profile, const std::string& reason, const Facts& facts) {
  if (auto confined = default_profile(facts)) {
    verdict.excess(std::string(pointer), std::move(*confined), reason, profile);
  } else {
    verdict.refuse(std::string(pointer), reason, profile);
  }
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  if (!facts.apparmor) return verdict;
  const std::string profile = spec.text(pointer).value_or("");
  const std::string grant = granted(facts).text(pointer).value_or("");
  if (!grant.empty() && !is_unconfined(grant)) {
    verdict.tighten(std::string(pointer), grant, "an exec is confined as its container is");
  } else if (profile.empty()) {
    if (auto confined = default_profile(facts))
      verdict.tighten(std::string(pointer), std::move(*confined), "no AppArmor profile is asked for");
  } else if (is_unconfined(profile)) {
    object(verdict, profile, "to run without AppArmor (" + profile + ")", facts);
  } else if (!is_loaded(profile, facts)) {
    object(verdict, profile, "the AppArmor profile " + in_quotes(profile) + ", which the host does not enforce", facts);
  }
  return verdict;
}

}  // namespace

const Control apparmor = {
    .id = "apparmor",
    .title = "Processes are confined by AppArmor where the host has it",
    .rationale = "Without its profile a process may write the kernel's files in /proc and /sys, and mount.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
