#include "verify/scorecard.h"

#include <fmt/format.h>

#include <algorithm>

#include "controls/engine.h"
#include "controls/registry.h"
#include "oci/spec.h"
#include "util/text.h"

namespace hardened::verify {
namespace {

constexpr std::string_view owasp = "OWASP Docker Top 10";
constexpr std::string_view cis = "CIS Docker 1.6.0";

struct Item {
  std::string_view document, item, title;
  std::string_view outside = {};  // who decides it where no control of ours does
};

// Which controls answer an item is told by their own references.
constexpr Item items[] = {
    {owasp, "D01", "Secure user mapping"},
    {owasp, "D02", "Patch management"},
    {owasp, "D03", "Network segmentation", "the engine's networks: `hardenctl doctor --host`"},
    {owasp, "D04", "Secure defaults and hardening"},
    {owasp, "D05", "Security contexts kept apart"},
    {owasp, "D06", "Secrets protected"},
    {owasp, "D07", "Resources protected"},
    {owasp, "D08", "Image integrity and origin"},
    {owasp, "D09", "Immutable containers"},
    {owasp, "D10", "Logging", "the host's: `hardenctl audit verify`, `hardenctl doctor --host`"},
    {cis, "5.1", "Swarm mode only where needed", "the engine's"},
    {cis, "5.2", "AppArmor"},
    {cis, "5.3", "SELinux"},
    {cis, "5.4", "Capabilities restricted"},
    {cis, "5.5", "Not privileged"},
    {cis, "5.6", "No sensitive host directory"},
    {cis, "5.7", "No SSH server inside", "the image's"},
    {cis, "5.8", "No privileged port mapped", "the engine's"},
    {cis, "5.9", "Only needed ports open", "the engine's"},
    {cis, "5.10", "Own network namespace"},
    {cis, "5.11", "Memory limited"},
    {cis, "5.12", "Processor time limited"},
    {cis, "5.13", "Read-only root file system"},
    {cis, "5.14", "Ports bound to one interface", "the engine's"},
    {cis, "5.15", "Restart policy on-failure, 5 times", "the engine's"},
    {cis, "5.16", "Own PID namespace"},
    {cis, "5.17", "Own IPC namespace"},
    {cis, "5.18", "No host device"},
    {cis, "5.19", "Ulimits set"},
    {cis, "5.20", "No shared mount propagation"},
    {cis, "5.21", "Own UTS namespace"},
    {cis, "5.22", "Seccomp filter in force"},
    {cis, "5.23", "No privileged exec"},
    {cis, "5.24", "No exec as the host's root"},
    {cis, "5.25", "The engine's own cgroup"},
    {cis, "5.26", "No new privileges"},
    {cis, "5.27", "Health check", "the engine's"},
    {cis, "5.28", "Newest version of the image", "the engine's"},
    {cis, "5.29", "Number of processes limited"},
    {cis, "5.30", "Not on the default bridge", "the engine's"},
    {cis, "5.31", "Own user namespace"},
    {cis, "5.32", "No engine socket inside"},
};

// What a control that is in force may still not give, by the grant.
struct Gap {
  std::string_view control;
  bool (*applies)(const state::Grant& grant);
  Mark mark;
  std::string_view why;
};

bool lacks_text(const state::Grant& grant, const char* pointer) {
  return Spec(grant.process).text(pointer).value_or("").empty();
}

bool lists(const state::Grant& grant, const char* pointer) {
  return !Spec(grant.profile).elements(pointer).empty();
}

constexpr Gap gaps[] = {
    {"apparmor", [](const state::Grant& grant) { return lacks_text(grant, "/apparmorProfile"); }, Mark::absent,
     "this host has no AppArmor"},
    {"selinux", [](const state::Grant& grant) { return lacks_text(grant, "/selinuxLabel"); }, Mark::absent,
     "this host has no SELinux"},
    {"user-namespace", [](const state::Grant& grant) { return grant.ids.size == 0; }, Mark::allowed,
     "it has the host's users"},
    {"read-only-rootfs", [](const state::Grant& grant) { return Spec(grant.profile).text("/rootfs") == "persistent"; },
     Mark::allowed, "the profile keeps what is written"},
    {"read-only-rootfs", [](const state::Grant& grant) { return Spec(grant.profile).text("/rootfs") == "ephemeral"; },
     Mark::allowed, "the profile lets it write, until it ends"},
    {"host-namespaces", [](const state::Grant& grant) { return lists(grant, "/namespaces"); }, Mark::allowed,
     "the profile lets it share namespaces with the host"},
    {"devices", [](const state::Grant& grant) { return lists(grant, "/devices"); }, Mark::allowed,
     "the profile lets it have devices of the host"},
    {"hooks", [](const state::Grant& grant) { return lists(grant, "/hooks"); }, Mark::allowed,
     "the profile names hooks"},
    {"sysctls", [](const state::Grant& grant) { return lists(grant, "/sysctls"); }, Mark::allowed,
     "the profile names more settings"},
    {"approved-images", [](const state::Grant& grant) { return !grant.approved; }, Mark::allowed,
     "the policy lists no approved images"},
};

std::vector<std::string_view> controls_of(const Item& item) {
  std::vector<std::string_view> found;
  for (const controls::Control* control : controls::registry()) {
    const bool answers = std::any_of(
        control->references.begin(), control->references.end(),
        [&](const controls::Reference& it) { return it.document == item.document && it.item == item.item; });
    if (answers) found.push_back(control->id);
  }
  return found;
}

// Why the policy tolerates what `control` would not; empty when it does not.
std::string allowance(const state::Grant& grant, std::string_view control) {
  if (grant.mode == policy::Mode::audit) return "audit mode: nothing is enforced";
  const auto chosen = grant.levels.find(control);
  const policy::Level level = chosen != grant.levels.end() ? chosen->second : controls::find_control(control)->fallback;
  if (level == policy::Level::off) return fmt::format("{} is off in the policy", control);
  if (level == policy::Level::warn) return fmt::format("{} only warns", control);
  for (const policy::Waiver& waiver : grant.waivers) {
    if (waiver.control == control) return fmt::format("{} is waived: {}", control, waiver.reason);
  }
  return {};
}

struct Opinion {
  Mark mark = Mark::pass;
  std::string why;
};

Opinion of_control(const state::Grant& grant, std::string_view control, const std::vector<Weakness>& weaknesses) {
  for (const Weakness& weakness : weaknesses) {
    if (weakness.control == control) return {Mark::weaker, fmt::format("{}: {}", control, weakness.message)};
  }
  if (std::string why = allowance(grant, control); !why.empty()) return {Mark::allowed, std::move(why)};
  for (const Gap& gap : gaps) {
    if (gap.control == control && gap.applies(grant)) return {gap.mark, std::string(gap.why)};
  }
  return {};
}

std::string how_known(const std::vector<std::string_view>& controls) {
  const auto kernel = read_from_the_kernel();
  const auto is_read = [&](std::string_view id) { return std::find(kernel.begin(), kernel.end(), id) != kernel.end(); };
  const auto read = std::count_if(controls.begin(), controls.end(), is_read);
  if (read == 0) return "enforced at create";
  return static_cast<std::size_t>(read) == controls.size() ? "by the kernel's account"
                                                           : "by the kernel's account, and enforced at create";
}

// The gravest opinion of its controls is the item's; a security module that this host lacks is no fault of an item that
// others answer as well.
Score score(const Item& item, const state::Grant& grant, const std::vector<Weakness>& weaknesses) {
  Score result{item.document, item.item, item.title, Mark::outside, controls_of(item), std::string(item.outside)};
  if (result.controls.empty()) return result;
  Opinion gravest;
  for (const std::string_view control : result.controls) {
    Opinion opinion = of_control(grant, control, weaknesses);
    if (opinion.mark == Mark::absent && result.controls.size() > 1) continue;
    if (opinion.mark > gravest.mark) gravest = std::move(opinion);
  }
  result.mark = gravest.mark;
  result.why = gravest.mark == Mark::pass ? how_known(result.controls) : gravest.why;
  return result;
}

}  // namespace

std::string_view mark_name(Mark mark) {
  switch (mark) {
    case Mark::pass:
      return "pass";
    case Mark::weaker:
      return "WEAKER";
    case Mark::allowed:
      return "allowed";
    case Mark::absent:
      return "absent";
    case Mark::outside:
      break;
  }
  return "-";
}

std::vector<Score> scorecard(const state::Grant& grant, const std::vector<Weakness>& weaknesses) {
  std::vector<Score> scores;
  for (const Item& item : items) scores.push_back(score(item, grant, weaknesses));
  return scores;
}

}  // namespace hardened::verify
