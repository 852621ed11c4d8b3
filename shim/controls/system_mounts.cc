// Fields: /mounts/*/destination. Allowed: proc, sysfs, cgroup, devpts and mqueue at their one place; nothing else at or
// below /proc and /sys; at or below /dev only what engines put there.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "controls/bind_source.h"
#include "controls/controls.h"
#include "controls/mounts.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Top 10", "D01"}, {"CVE", "2019-19921"}, {"CVE", "2023-27561"}, {"CVE", "2025-52565"}};

struct Place {
  std::string_view type;
  std::string_view destination;
};
constexpr Place places[] = {
    {"proc", "/proc"},      {"sysfs", "/sys"},        {"cgroup", "/sys/fs/cgroup"}, {"cgroup2", "/sys/fs/cgroup"},
    {"devpts", "/dev/pts"}, {"mqueue", "/dev/mqueue"}};

const Place* place_of(const MountView& mount) {
  if (mount.bind) return nullptr;
  const auto* found = std::find_if(std::begin(places), std::end(places),
                                   [&mount](const Place& place) { return place.type == mount.type; });
  return found == std::end(places) ? nullptr : found;
}

// Where engines mount below /dev, and users their volumes for much shared memory (a pod's emptyDir).
constexpr std::string_view engines_below_dev[] = {"/dev/shm", "/dev/termination-log"};

// A tmpfs at or below /dev holds nothing of the host. A bind mount there is the host's device, terminal or shared
// memory, unless it is the engine's: --ipc shareable, --init, a pod's /dev/termination-log. A volume at /dev/pts would
// have the runtime open what it planted there for a terminal (CVE-2025-52565).
bool allowed_below_dev(const MountView& mount, const Policy& policy, const Facts& facts) {
  if (!mount.bind) return mount.type == "tmpfs";
  if (mount.destination == "/dev") return false;
  if (is_shared_ipc(mount, policy)) return true;
  const host::PathFact* source = source_fact(mount, facts);
  if (source == nullptr) return false;
  const bool engines = std::find(std::begin(engines_below_dev), std::end(engines_below_dev), mount.destination) !=
                       std::end(engines_below_dev);
  return (engines && is_engine_owned(mount, source->resolved, facts)) || is_init_program(mount, *source);
}

std::optional<std::string> problem(const MountView& mount, const Policy& policy, const Facts& facts) {
  const std::string quoted = in_quotes(mount.spelled);
  if (const Place* place = place_of(mount)) {
    if (mount.destination == place->destination) return std::nullopt;
    return fmt::format("{} is mounted at {}, not at {}", mount.type, quoted, place->destination);
  }
  if (is_within(mount.destination, "/proc") || is_within(mount.destination, "/sys"))
    return fmt::format("the mount at {} covers what the runtime protects", quoted);
  if (is_within(mount.destination, "/dev") && !allowed_below_dev(mount, policy, facts))
    return fmt::format("the mount at {} replaces a device or shared memory", quoted);
  return std::nullopt;
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) {
    if (auto reason = problem(mount, policy, facts)) verdict.refuse(mount.pointer(), std::move(*reason), mount.spelled);
  }
  return verdict;
}

}  // namespace

const Control system_mounts = {
    .id = "system-mounts",
    .title = "/proc, /sys and /dev are the runtime's own",
    .rationale = "A volume over /proc or /dev redirects the runtime's own writes, or brings back what is masked.",
    .references = references,
    .owns = {},
    .evaluate = evaluate};

}  // namespace hardened::controls
