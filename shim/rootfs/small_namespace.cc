#include "rootfs/small_namespace.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <optional>
#include <set>
#include <string_view>

#include "rootfs/empty_namespace.h"
#include "rootfs/mount_api.h"
#include "util/fd.h"
#include "util/text.h"

namespace hardened::rootfs {
namespace {

// File systems without a block device that answer without anybody's help. The last three are local file systems whose
// device number is anonymous.
constexpr std::string_view served_by_the_kernel[] = {
    "bpf",     "cgroup", "cgroup2",    "devpts",    "devtmpfs", "hugetlbfs", "mqueue", "proc", "ramfs",
    "resctrl", "rootfs", "securityfs", "selinuxfs", "sysfs",    "tmpfs",     "btrfs",  "zfs",  "bcachefs"};

constexpr const char* always_needed[] = {"/", "/proc", "/dev", "/sys", "/sys/fs/cgroup"};

// What a path leads to; where it leads to nothing, the nearest directory above that is there.
struct Seen {
  std::string resolved;
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Seen&) const = default;
};

std::optional<Seen> look_at(std::string path) {
  for (;;) {
    if (const auto fd = open_at(AT_FDCWD, path, O_PATH)) {
      struct stat status {};
      char resolved[PATH_MAX];
      const std::string link = "/proc/self/fd/" + std::to_string(fd->get());
      const ssize_t length = ::readlink(link.c_str(), resolved, sizeof resolved);
      if (length <= 0 || ::fstat(fd->get(), &status) != 0) return std::nullopt;
      return Seen{std::string(resolved, static_cast<std::size_t>(length)), status.st_dev, status.st_ino};
    }
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || path == "/") return std::nullopt;
    path.resize(std::max(slash, std::size_t{1}));
  }
}

// Empty where one of them cannot be told.
std::vector<Seen> look_at(const std::vector<std::string>& paths) {
  std::vector<Seen> result;
  for (const std::string& path : paths) {
    auto seen = look_at(path);
    if (!seen) return {};
    result.push_back(std::move(*seen));
  }
  return result;
}

bool is_own_kind(const host::MountTable::Mount& mount) {
  return major(mount.device) != 0 || std::find(std::begin(served_by_the_kernel), std::end(served_by_the_kernel),
                                               mount.type) != std::end(served_by_the_kernel);
}

bool is_covered(std::string path, const std::set<std::string>& left_behind) {
  for (;;) {
    if (left_behind.contains(path)) return true;
    if (path == "/" || path.empty()) return false;
    path.resize(std::max(path.rfind('/'), std::size_t{1}));
  }
}

struct Clone {
  std::string target;
  Fd tree;
};

// Slave before it is attached anywhere, or the attaching would propagate to the host.
Result<Fd> slave_of(const Fd& mount, const std::string& target) {
  TRY(tree, clone_tree(mount.get(), false, target));
  struct mount_attr change {};
  change.propagation = MS_SLAVE;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH, &change, sizeof change) != 0)
    return fail_errno("cannot keep the mount of " + target + " from the host", errno);
  return tree;
}

Result<std::vector<Clone>> clone_all(const std::vector<Wanted>& mounts) {
  std::vector<Clone> clones;
  for (const auto& [target, id] : mounts) {
    const auto mount = open_at(AT_FDCWD, target, O_PATH | O_NOFOLLOW);
    struct statx status {};
    if (!mount || ::statx(mount->get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) != 0) continue;
    if (status.stx_mnt_id != id) continue;  // another one is mounted over it
    TRY(tree, slave_of(*mount, target));
    clones.push_back({target, std::move(tree)});
  }
  if (clones.empty() || clones.front().target != "/") return fail(Code::io, "cannot find the mount of /");
  return clones;
}

// Without symbolic links: whoever may write a directory above a mount point must not lead it elsewhere.
Status attach_at_target(const Clone& clone) {
  struct open_how how {};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS;
  const Fd point(static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, clone.target.c_str(), &how, sizeof how)));
  constexpr unsigned both = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH;
  if (!point.valid() || ::move_mount(clone.tree.get(), "", point.get(), "", both) != 0)
    return fail_errno("cannot mount on " + clone.target, errno);
  return {};
}

Status furnish(const Fd& empty, const std::vector<Clone>& clones, const std::string& directory) {
  if (::setns(empty.get(), CLONE_NEWNS) != 0 || ::unshare(CLONE_NEWNS) != 0)
    return fail_errno("cannot make a mount namespace", errno);
  TRY_DO(attach(clones.front().tree.get(), AT_FDCWD, "/"));
  if (::fchdir(clones.front().tree.get()) != 0 || ::chroot(".") != 0)
    return fail_errno("cannot enter the mount of /", errno);
  for (std::size_t at = 1; at < clones.size(); ++at) TRY_DO(attach_at_target(clones[at]));
  if (::chdir(directory.c_str()) != 0) return fail_errno("cannot enter " + directory, errno);
  return {};
}

}  // namespace

std::vector<Wanted> wanted_mounts(const host::MountTable& table, const std::vector<std::string>& graph_roots,
                                  const std::vector<std::string>& resolved) {
  std::vector<Wanted> result;
  std::set<std::string> left_behind;
  for (const auto& [id, mount] : table.mounts()) {
    const std::string& target = mount.target;
    const bool holds = std::any_of(resolved.begin(), resolved.end(),
                                   [&target](const std::string& path) { return is_within(path, target); });
    const bool stored = std::any_of(graph_roots.begin(), graph_roots.end(), [&target](const std::string& root) {
      return target != root && is_within(target, root);
    });
    if (holds || (is_own_kind(mount) && !stored)) {
      result.emplace_back(target, id);
    } else {
      left_behind.insert(target);
    }
  }
  std::erase_if(result, [&left_behind](const Wanted& mount) { return is_covered(mount.first, left_behind); });
  std::sort(result.begin(), result.end());
  return result;
}

Result<bool> enter_small_namespace(const std::string& state, const host::MountTable& table, const HostTree& tree) {
  std::vector<std::string> needed = tree.needed;
  needed.insert(needed.end(), std::begin(always_needed), std::end(always_needed));
  needed.emplace_back(".");
  const std::vector<Seen> before = look_at(needed);
  if (before.empty()) return false;
  std::vector<std::string> resolved;
  for (const Seen& seen : before) resolved.push_back(seen.resolved);

  TRY(here, Whereabouts::now());
  const auto empty = empty_namespace(state);
  const auto clones = clone_all(wanted_mounts(table, tree.graph_roots, resolved));
  if (empty && clones && furnish(*empty, *clones, before.back().resolved) && look_at(needed) == before) return true;
  // Nobody else saw a namespace that was begun.
  TRY_DO(here.restore());
  return false;
}

}  // namespace hardened::rootfs
