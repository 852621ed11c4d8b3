// Fields: /mounts/*/options (propagation), /linux/rootfsPropagation. Allowed: private; every bind mount says so.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "controls/mounts.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"CIS Docker 1.6.0", "5.20"}};
constexpr std::string_view owns[] = {
    "/mounts/*/options/shared",  "/mounts/*/options/rshared",    "/mounts/*/options/slave",
    "/mounts/*/options/rslave",  "/mounts/*/options/unbindable", "/mounts/*/options/runbindable",
    "/mounts/*/options/private", "/mounts/*/options/rprivate",   "/linux/rootfsPropagation"};

constexpr std::string_view excesses[] = {"shared", "rshared", "slave", "rslave", "unbindable", "runbindable"};
// "rslave" is what runc does where the spec says nothing.
constexpr std::string_view root_allowed[] = {"private", "rprivate", "slave", "rslave"};

void judge_mount(Verdict& verdict, const MountView& mount) {
  bool settled = mount.has("private") || mount.has("rprivate");
  for (const std::string_view option : excesses) {
    if (!mount.has(option)) continue;
    const std::optional<Json> clamped = settled ? std::nullopt : std::optional<Json>("rprivate");
    verdict.excess(mount.option(option), clamped,
                   fmt::format("the mount at {} has the propagation \"{}\"", in_quotes(mount.spelled), option),
                   fmt::format("{}:{}", mount.spelled, option));
    settled = true;
  }
  // Without a word a bind mount inherits: what the host mounts below the source later appears in the container.
  if (!settled && mount.bind)
    verdict.tighten(mount.option("rprivate"), "rprivate", "later mounts of the host must not appear inside");
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) judge_mount(verdict, mount);
  const auto root = spec.text("/linux/rootfsPropagation");
  if (root && !root->empty() &&
      std::find(std::begin(root_allowed), std::end(root_allowed), *root) == std::end(root_allowed))
    verdict.excess("/linux/rootfsPropagation", "private",
                   fmt::format("the root file system has the propagation {}", in_quotes(*root)),
                   fmt::format("/:{}", *root));
  return verdict;
}

}  // namespace

const Control propagation = {
    .id = "propagation",
    .title = "Mounts do not travel between the container and the host",
    .rationale = "With shared propagation a mount made inside the container appears on the host, for everybody.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
