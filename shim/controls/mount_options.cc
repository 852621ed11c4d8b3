// Fields: /mounts/*/options (flags). Allowed: nosuid and nodev on everything, noexec on what needs no programs, ro on
// /sys, on control groups and on the engine's name files, and read-only means the mounts below as well.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <tuple>

#include "controls/bind_source.h"
#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Cheat Sheet", "RULE #8"}, {"OWASP Docker Top 10", "D04"}, {"NIST SP 800-190", "4.4.4"}};
constexpr std::string_view owns[] = {"/mounts/*/options/nosuid", "/mounts/*/options/suid", "/mounts/*/options/rsuid",
                                     "/mounts/*/options/nodev",  "/mounts/*/options/dev",  "/mounts/*/options/rdev",
                                     "/mounts/*/options/noexec", "/mounts/*/options/exec", "/mounts/*/options/rexec",
                                     "/mounts/*/options/ro",     "/mounts/*/options/rw",   "/mounts/*/options/rrw",
                                     "/mounts/*/options/rro"};

struct Flag {
  std::string_view wanted;
  std::string_view opposites[2];  // the second is applied to the mounts below as well, after all plain ones
  std::string_view why;
};
constexpr Flag nosuid{"nosuid", {"suid", "rsuid"}, "a set-user-ID program on a mount must not give privileges"};
constexpr Flag nodev{"nodev", {"dev", "rdev"}, "a device node on a mount must not open a device"};
constexpr Flag noexec{"noexec", {"exec", "rexec"}, "what is written at run time must not be run"};
constexpr Flag read_only{"ro", {"rw", "rrw"}, "the container has no business writing there"};

struct Row {
  std::string_view type;
  Kind kind;  // who asks for the opposite: a user can on bind mounts and tmpfs, the rest is the engine's
  const Flag* flags[4];
};
// devpts and /dev hold the container's own device nodes; /dev stays writable where the root file system is not.
// Programs run from volumes.
constexpr Row bind_row{"bind", Kind::excess, {&nosuid, &nodev}};
constexpr Row dev_row{"tmpfs", Kind::tighten, {&nosuid, &noexec}};
constexpr Row rows[] = {{"tmpfs", Kind::excess, {&nosuid, &nodev, &noexec}},
                        {"proc", Kind::tighten, {&nosuid, &nodev, &noexec}},
                        {"mqueue", Kind::tighten, {&nosuid, &nodev, &noexec}},
                        {"devpts", Kind::tighten, {&nosuid, &noexec}},
                        {"sysfs", Kind::tighten, {&nosuid, &nodev, &noexec, &read_only}},
                        {"cgroup", Kind::tighten, {&nosuid, &nodev, &noexec, &read_only}},
                        {"cgroup2", Kind::tighten, {&nosuid, &nodev, &noexec, &read_only}}};

constexpr std::string_view name_files[] = {"/etc/resolv.conf", "/etc/hostname", "/etc/hosts"};

const Row* row_of(const MountView& mount) {
  if (mount.bind) return &bind_row;
  if (mount.type == "tmpfs" && mount.destination == "/dev") return &dev_row;
  const auto* found =
      std::find_if(std::begin(rows), std::end(rows), [&mount](const Row& row) { return row.type == mount.type; });
  return found == std::end(rows) ? nullptr : found;
}

// Options are applied in order, so an opposite has to go even where the wanted flag stands too. It goes and the wanted
// one comes in one change: a warned or waived opposite must stay as the user wrote it.
void require(Verdict& verdict, const MountView& mount, const Flag& flag, Kind kind) {
  bool settled = mount.has(flag.wanted);
  for (const std::string_view opposite : flag.opposites) {
    if (!mount.has(opposite)) continue;
    const std::optional<Json> after = settled ? std::nullopt : std::optional<Json>(flag.wanted);
    if (kind == Kind::tighten) {
      verdict.tighten(mount.option(opposite), after, std::string(flag.why));
    } else {
      verdict.excess(mount.option(opposite), after,
                     fmt::format("the mount at {} has the option \"{}\"", in_quotes(mount.spelled), opposite),
                     fmt::format("{}:{}", mount.spelled, opposite));
    }
    settled = true;
  }
  if (!settled) verdict.tighten(mount.option(flag.wanted), std::string(flag.wanted), std::string(flag.why));
}

// The engine's files are bind mounts on the host's disk: writable ones get around a read-only root and every quota
// (moby#41991). The engine itself goes on updating them from outside.
bool is_name_file(const MountView& mount, const Policy& policy, const Facts& facts) {
  if (std::find(std::begin(name_files), std::end(name_files), mount.destination) == std::end(name_files)) return false;
  const host::PathFact* source = source_fact(mount, facts);
  if (source == nullptr || !is_engine_owned(mount, source->resolved, facts)) return false;
  // Another container's are here when it joins that one's network, and when somebody wants to redirect its names.
  const bool its_own = facts.engine_directory.empty() || is_within(source->resolved, facts.engine_directory);
  return policy.profile.rootfs != policy::Rootfs::persistent || !its_own;
}

// Linux 5.12 mount_setattr(2); runc 1.1 and crun 1.4 know "rro", older ones would hand it to the kernel as data.
bool can_be_recursive(const Facts& facts) {
  if (std::tie(facts.kernel_major, facts.kernel_minor) < std::make_tuple(5, 12)) return false;
  const auto version = std::tie(facts.runtime.major, facts.runtime.minor);
  switch (facts.runtime.kind) {
    case host::RuntimeKind::runc:
      return version >= std::make_tuple(1, 1);
    case host::RuntimeKind::crun:
      return version >= std::make_tuple(1, 4);
    case host::RuntimeKind::other:
      break;
  }
  return false;
}

bool is_device(const MountView& mount, const Facts& facts) {
  const host::PathFact* source = source_fact(mount, facts);
  return source != nullptr && (S_ISCHR(source->mode) || S_ISBLK(source->mode));
}

// Nothing is mounted below a file, and crun 1.8.1 opens what is to be "rro" with O_DIRECTORY (ENOTDIR).
bool may_hold_mounts(const MountView& mount, const Facts& facts) {
  const host::PathFact* source = source_fact(mount, facts);
  return mount.has("rbind") && (source == nullptr || !source->exists || S_ISDIR(source->mode));
}

void judge_mount(Verdict& verdict, const MountView& mount, const Policy& policy, const Facts& facts) {
  const Row* row = row_of(mount);
  if (row == nullptr) return;
  for (const Flag* flag : row->flags) {
    if (flag == nullptr) break;
    // A device that a waiver let in has to work; the device cgroup still decides.
    if (flag == &nodev && mount.bind && is_device(mount, facts)) continue;
    require(verdict, mount, *flag, row->kind);
  }
  const bool name_file = mount.bind && is_name_file(mount, policy, facts);
  if (name_file) require(verdict, mount, read_only, Kind::tighten);
  if (may_hold_mounts(mount, facts) && (mount.read_only() || name_file) && !mount.has("rro") && can_be_recursive(facts))
    verdict.tighten(mount.option("rro"), "rro", "read-only must hold for the mounts below as well");
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) judge_mount(verdict, mount, policy, facts);
  return verdict;
}

}  // namespace

const Control mount_options = {
    .id = "mount-options",
    .title = "Mounts carry no set-user-ID programs and no devices, and read-only means all of it",
    .rationale =
        "A set-user-ID file or device node planted on a volume, or a writable mount below a read-only one, undoes the "
        "rest.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
