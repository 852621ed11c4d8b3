#include "rootfs/small_namespace.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <functional>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

#include "kernel/statmount.h"
#include "rootfs/empty_namespace.h"
#include "rootfs/mount_api.h"
#include "util/fd.h"
#include "util/text.h"

namespace hardened::rootfs {

using kernel::FilePlace;

namespace {

// Where these are mounts, a runtime also needs what hangs below them: /sys/fs/cgroup/memory, /dev/pts.
constexpr std::string_view furnished_places[] = {"/proc", "/dev", "/sys"};

// Also the nodes that a runtime binds into a container with users of its own, what programs are linked with, where runc
// keeps a directory that it is about to copy (tmpcopyup), and where it finds systemd.
constexpr const char* always_needed[] = {
    "/",
    "/proc",
    "/dev",
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/etc",
    "/usr",
    "/usr/local",
    "/lib",
    "/lib64",
    "/tmp",
    "/run",
    "/run/systemd/system",
    "/run/systemd/private",
    "/var/run/dbus/system_bus_socket",
    "/sys",
    "/sys/kernel",
    "/sys/fs/cgroup",
    ".",
};

// Each is a descriptor while it is cloned, and a soft limit of 1,024 is common; and a copy of all costs less than many.
constexpr std::size_t most_mounts = 128;

// What a path leads to; where it leads to nothing, the nearest directory above that is there.
Result<FilePlace> look_at(std::string path, const host::MountTable& table) {
  for (;;) {
    TRY(place, table.place_of(path));
    if (place) return *place;
    if (path == "/" || path == ".") return fail(Code::io, "cannot find " + path);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) {
      path = ".";
    } else {
      path.resize(std::max(slash, std::size_t{1}));
    }
  }
}

Result<std::vector<FilePlace>> look_at(const std::vector<std::string>& paths, const host::MountTable& table) {
  std::vector<FilePlace> result;
  for (const std::string& path : paths) {
    TRY(place, look_at(path, table));
    result.push_back(place);
  }
  return result;
}

// Does that mount, below /proc or /sys, hide a part of them? These types lie on directories that are there for them,
// and so does the tmpfs with the hierarchies of cgroup v1.
bool hides_something(const host::MountTable::Mount& mount) {
  constexpr std::string_view at_home[] = {"autofs",     "binfmt_misc", "bpf",       "cgroup",  "cgroup2", "configfs",
                                          "debugfs",    "efivarfs",    "fusectl",   "nfsd",    "pstore",  "resctrl",
                                          "rpc_pipefs", "securityfs",  "selinuxfs", "smackfs", "tracefs"};
  return mount.target != "/sys/fs/cgroup" &&
         std::find(std::begin(at_home), std::end(at_home), mount.type) == std::end(at_home);
}

// A container with users of its own may mount a procfs or sysfs only where another one is that nothing hides a part of
// (mount_too_revealing() of fs/namespace.c), and that may be anywhere: then everything is copied.
Result<bool> is_whole(const host::MountTable& table, std::uint64_t place) {
  TRY(below, table.under(place));
  for (const std::uint64_t id : below) {
    TRY(mount, table.find(id));
    if (mount != nullptr && hides_something(*mount)) return false;
  }
  return true;
}

// Those of `holding` that lie at one of the furnished places. Errors: Code::io where /proc and /sys are not among them,
// or not whole.
Result<std::vector<std::uint64_t>> furnished_mounts(const host::MountTable& table,
                                                    const std::set<std::uint64_t>& holding) {
  std::vector<std::uint64_t> furnished;
  std::set<std::string> whole;
  for (const std::uint64_t id : holding) {
    TRY(mount, table.find(id));
    if (mount == nullptr || std::find(std::begin(furnished_places), std::end(furnished_places), mount->target) ==
                                std::end(furnished_places))
      continue;
    furnished.push_back(id);
    if (mount->target == "/dev") continue;
    TRY(is_one, is_whole(table, id));
    if (!is_one) return fail(Code::io, "something hides a part of " + mount->target);
    whole.insert(mount->target);
  }
  if (whole.size() != 2) return fail(Code::io, "/proc or /sys is no mount");
  return furnished;
}

Result<std::string> working_directory() {
  char path[PATH_MAX];
  if (::getcwd(path, sizeof path) == nullptr) return fail_errno("cannot tell the working directory", errno);
  return std::string(path);
}

struct Clone {
  std::string target;
  Fd tree;
  std::uint64_t original = 0;  // id of the mount that it is a clone of
};

// Slave before it is attached anywhere, or the attaching would propagate to the host.
Result<Fd> slave_of(const Fd& mount, const std::string& target) {
  TRY(tree, clone_tree(mount.get(), false, target));
  TRY_DO(set_propagation(tree.get(), MS_SLAVE, false, target));
  return tree;
}

// The one on top. Where that is another one, or none any more, something would be missing that nobody compares: a
// hierarchy of cgroups, and with it a limit.
Result<Fd> mount_at(const Wanted& mount, const host::MountTable& table) {
  Fd fd(::open(mount.target.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot look at the mount of " + mount.target, errno);
  TRY(id, table.id_of(fd.get()));
  if (id != mount.id) return fail(Code::io, "another mount covers " + mount.target);
  return fd;
}

Result<std::vector<Clone>> clone_all(const std::vector<Wanted>& mounts, const host::MountTable& table) {
  if (mounts.size() > most_mounts) return fail(Code::io, "too many mounts");
  std::vector<Clone> clones;
  for (const Wanted& wanted : mounts) {
    TRY(mount, mount_at(wanted, table));
    TRY(tree, slave_of(mount, wanted.target));
    clones.push_back({wanted.target, std::move(tree), wanted.id});
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

// Each has to be the same file, on the clone of the mount that it was on: another mount of it may have other flags, and
// others below it. Only what a path through /proc leads to stays where it was: /proc/PID/exe, /proc/PID/ns/net.
Status compare(const std::vector<FilePlace>& before, const std::vector<FilePlace>& after,
               const std::vector<Clone>& clones, const host::MountTable& table) {
  std::map<std::uint64_t, std::uint64_t> clone_of;
  for (const Clone& clone : clones) {
    TRY(id, table.id_of(clone.tree.get()));
    clone_of.emplace(clone.original, id);
  }
  const auto is_same = [&clone_of](const FilePlace& one, const FilePlace& other) {
    const auto clone = clone_of.find(one.mount);
    return one.device == other.device && one.inode == other.inode &&
           (other.mount == one.mount || (clone != clone_of.end() && other.mount == clone->second));
  };
  if (std::equal(before.begin(), before.end(), after.begin(), after.end(), is_same)) return {};
  return fail(Code::io, "something needed is another object in there");
}

}  // namespace

Result<std::vector<Wanted>> wanted_mounts(const host::MountTable& table, const std::vector<std::uint64_t>& needed,
                                          const std::vector<std::uint64_t>& furnished) {
  std::map<std::uint64_t, bool> along;  // does the mount go along? by its id
  for (std::uint64_t id : needed) {
    TRY(mount, table.find(id));
    while (mount != nullptr && along.emplace(id, true).second) {
      id = mount->parent;
      TRY(above, table.find(id));
      mount = above;
    }
  }
  const std::function<Result<bool>(std::uint64_t)> goes_along = [&](std::uint64_t id) -> Result<bool> {
    if (const auto known = along.find(id); known != along.end()) return known->second;
    along[id] = false;
    TRY(mount, table.find(id));
    if (mount == nullptr || mount->type == "autofs") return false;
    TRY(above, goes_along(mount->parent));
    along[id] = above;
    return above;
  };
  for (const std::uint64_t place : furnished) {
    TRY(below, table.under(place));
    for (const std::uint64_t id : below) TRY_DO(goes_along(id));
  }
  std::set<std::uint64_t> covered;  // by another one at the same place
  for (const auto& [id, goes] : along) {
    TRY(mount, table.find(id));
    if (mount == nullptr || !goes) continue;
    TRY(above, table.find(mount->parent));
    if (above != nullptr && above->target == mount->target) covered.insert(mount->parent);
  }
  using Candidate = std::tuple<std::ptrdiff_t, std::uint64_t, Wanted>;  // depth, order
  std::vector<Candidate> candidates;
  for (const auto& [id, goes] : along) {
    TRY(mount, table.find(id));
    if (mount == nullptr || !goes || covered.contains(id)) continue;
    const auto depth = mount->target == "/" ? 0 : std::count(mount->target.begin(), mount->target.end(), '/');
    candidates.emplace_back(depth, mount->order, Wanted{mount->target, id});
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
  });
  std::vector<Wanted> result;
  for (Candidate& candidate : candidates) result.push_back(std::move(std::get<2>(candidate)));
  return result;
}

Result<bool> enter_small_namespace(const std::string& state, const host::MountTable& table,
                                   std::vector<std::string> needed) {
  needed.insert(needed.end(), std::begin(always_needed), std::end(always_needed));
  const auto before = look_at(needed, table);
  if (!before) return false;
  std::set<std::uint64_t> holding;
  for (const FilePlace& place : *before) holding.insert(place.mount);
  const auto furnished = furnished_mounts(table, holding);
  if (!furnished) return false;
  TRY(here, Whereabouts::now());
  const auto enter = [&]() -> Status {
    TRY(wanted, wanted_mounts(table, {holding.begin(), holding.end()}, *furnished));
    TRY(clones, clone_all(wanted, table));
    TRY(empty, empty_namespace(state));
    TRY(directory, working_directory());
    TRY_DO(furnish(empty, clones, directory));
    TRY(after, look_at(needed, table));
    return compare(*before, after, clones, table);
  };
  if (enter()) return true;
  // Nobody else saw a namespace that was begun.
  TRY_DO(here.restore());
  return false;
}

}  // namespace hardened::rootfs
