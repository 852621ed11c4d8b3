// Fields: /mounts/*/type, /mounts/*/destination. Allowed: bind mounts and the file systems every container has, at
// absolute destinations.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "controls/controls.h"
#include "controls/mounts.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"NIST SP 800-190", "4.5.5"}, {"Pod Security Standards", "hostPath"}};

struct Problem {
  std::string reason;
  std::string subject;
};

std::optional<std::string> destination_problem(const MountView& mount) {
  if (mount.spelled.empty()) return "a mount has no destination";
  const std::string quoted = in_quotes(mount.spelled);
  const std::vector<std::string> parts = split(mount.spelled, '/');
  if (mount.spelled.front() != '/') return fmt::format("the mount destination {} is not absolute", quoted);
  if (std::find(parts.begin(), parts.end(), "..") != parts.end())
    return fmt::format("the mount destination {} climbs with \"..\"", quoted);
  if (mount.destination == "/") return fmt::format("a mount at {} covers the root file system", quoted);
  return std::nullopt;
}

// The kernel splits what the runtime hands on at every comma outside of quotes: an option in an option is one that
// nobody judged ("mode=755,size=100g").
bool hides_another(const std::string& option) {
  bool quoted = false;
  for (const char c : option) {
    if (c == '"') quoted = !quoted;
    if (c == ',' && !quoted) return true;
  }
  return quoted;
}

std::optional<std::string> option_problem(const MountView& mount) {
  for (const std::string& option : mount.options) {
    if (hides_another(option)) return fmt::format("the mount option {} hides another one", in_quotes(option));
    if (option == "remount") return "the mount option \"remount\" changes a mount that was judged before";
  }
  return std::nullopt;
}

std::optional<Problem> problem(const MountView& mount) {
  if (auto reason = destination_problem(mount)) return Problem{std::move(*reason), mount.spelled};
  if (auto reason = option_problem(mount)) return Problem{std::move(*reason), mount.spelled};
  if (mount.has("bind") || mount.has("rbind") || mount.type == "bind") return std::nullopt;
  if (is_usual_type(mount.type)) return std::nullopt;
  return Problem{fmt::format("the mount at {} has the type {}", in_quotes(mount.spelled), in_quotes(mount.type)),
                 mount.type};
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) {
    if (auto found = problem(mount))
      verdict.refuse(mount.pointer(), std::move(found->reason), std::move(found->subject));
  }
  return verdict;
}

}  // namespace

const Control mount_types = {
    .id = "mount-types",
    .title = "Only the file systems every container has, and bind mounts, are mounted",
    .rationale =
        "The runtime mounts as host root: debugfs, bpf or a disk's own file system opens the kernel or the host.",
    .references = references,
    .owns = {},
    .evaluate = evaluate};

}  // namespace hardened::controls
