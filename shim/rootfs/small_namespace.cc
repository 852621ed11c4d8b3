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
#include <tuple>

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

// On block devices, but a look at them may wait for other machines, or for a program.
constexpr std::string_view served_by_others[] = {"fuseblk", "gfs2", "ocfs2"};

// Also the nodes that a runtime binds into a container with users of its own, and what programs are linked with.
constexpr const char* always_needed[] = {
    "/",    "/proc", "/dev", "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom",   "/dev/tty",
    "/etc", "/usr",  "/lib", "/lib64",    "/run",      "/sys",      "/sys/kernel", "/sys/fs/cgroup", "."};

// Each is a descriptor while it is cloned, and a soft limit of 1,024 is common; and a copy of all costs less than many.
constexpr std::size_t most_mounts = 128;

// "There is no such thing" is an answer. Any other failure (EMFILE, ENOMEM, EIO) tells nothing.
bool is_absence(int error) {
  return error == ENOENT || error == ENOTDIR;
}

// What a path leads to; where it leads to nothing, the nearest directory above that is there.
struct Seen {
  std::string resolved;
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const Seen&) const = default;
};

std::optional<Seen> look_at(std::string path) {
  for (;;) {
    const Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (fd.valid()) {
      struct stat status {};
      char resolved[PATH_MAX];
      const std::string link = "/proc/self/fd/" + std::to_string(fd.get());
      const ssize_t length = ::readlink(link.c_str(), resolved, sizeof resolved);
      if (length <= 0 || ::fstat(fd.get(), &status) != 0) return std::nullopt;
      return Seen{std::string(resolved, static_cast<std::size_t>(length)), status.st_dev, status.st_ino};
    }
    if (!is_absence(errno) || path == "/" || path == ".") return std::nullopt;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
      path = ".";
    } else {
      path.resize(std::max(slash, std::size_t{1}));
    }
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

template <std::size_t N>
bool is_one_of(const std::string_view (&types)[N], std::string_view type) {
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

bool is_own_kind(const host::MountTable::Mount& mount) {
  return is_one_of(served_by_the_kernel, mount.type) ||
         (major(mount.device) != 0 && !is_one_of(served_by_others, mount.type));
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
  TRY_DO(set_propagation(tree.get(), MS_SLAVE, target));
  return tree;
}

// Another one may be mounted over it, or it is gone by now: then there is none to clone.
Result<std::optional<Fd>> mount_at(const Wanted& mount) {
  Fd fd(::open(mount.target.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid() && is_absence(errno)) return std::nullopt;
  struct statx status {};
  if (!fd.valid() || ::statx(fd.get(), "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_MNT_ID, &status) != 0)
    return fail_errno("cannot look at the mount of " + mount.target, errno);
  if (status.stx_mnt_id != mount.id) return std::nullopt;
  return fd;
}

Result<std::vector<Clone>> clone_all(const std::vector<Wanted>& mounts) {
  if (mounts.size() > most_mounts) return fail(Code::io, "too many mounts");
  std::vector<Clone> clones;
  for (const Wanted& wanted : mounts) {
    TRY(mount, mount_at(wanted));
    if (!mount) continue;
    TRY(tree, slave_of(*mount, wanted.target));
    clones.push_back({wanted.target, std::move(tree)});
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
  struct Candidate {
    std::ptrdiff_t depth;
    std::size_t row;
    Wanted mount;
    bool operator<(const Candidate& other) const { return std::tie(depth, row) < std::tie(other.depth, other.row); }
  };
  std::vector<Candidate> candidates;
  std::set<std::string> left_behind;
  for (const auto& [id, mount] : table.mounts()) {
    const std::string& target = mount.target;
    const bool holds = std::any_of(resolved.begin(), resolved.end(),
                                   [&target](const std::string& path) { return is_within(path, target); });
    const bool stored = std::any_of(graph_roots.begin(), graph_roots.end(), [&target](const std::string& root) {
      return target != root && is_within(target, root);
    });
    if (holds || (is_own_kind(mount) && !stored && !mount.unbindable)) {
      const auto depth = target == "/" ? 0 : std::count(target.begin(), target.end(), '/');
      candidates.push_back({depth, mount.row, {target, id}});
    } else {
      left_behind.insert(target);
    }
  }
  std::sort(candidates.begin(), candidates.end());
  std::vector<Wanted> result;
  for (Candidate& candidate : candidates) {
    if (!is_covered(candidate.mount.target, left_behind)) result.push_back(std::move(candidate.mount));
  }
  return result;
}

Result<bool> enter_small_namespace(const std::string& state, const host::MountTable& table, const HostTree& tree) {
  std::vector<std::string> needed = tree.needed;
  needed.insert(needed.end(), std::begin(always_needed), std::end(always_needed));
  const std::vector<Seen> before = look_at(needed);
  if (before.empty()) return false;
  std::vector<std::string> resolved;
  for (const Seen& seen : before) resolved.push_back(seen.resolved);

  TRY(here, Whereabouts::now());
  const auto enter = [&]() -> Status {
    TRY(clones, clone_all(wanted_mounts(table, tree.graph_roots, resolved)));
    TRY(empty, empty_namespace(state));
    TRY_DO(furnish(empty, clones, before.back().resolved));
    return look_at(needed) == before ? Status{} : fail(Code::io, "something needed is another object in there");
  };
  if (enter()) return true;
  // Nobody else saw a namespace that was begun.
  TRY_DO(here.restore());
  return false;
}

}  // namespace hardened::rootfs
