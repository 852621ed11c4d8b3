#include "rootfs/empty_namespace.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "rootfs/mount_api.h"
#include "util/file.h"
#include "util/lock.h"

namespace hardened::rootfs {
namespace {

constexpr char directory_of_pin[] = "ns";
constexpr char pin[] = "empty-mnt";
constexpr char own_namespace[] = "/proc/self/ns/mnt";

Status failed(const char* what) {
  return fail_errno(std::string("cannot ") + what, errno);
}

bool is_namespace(const Fd& file) {
  struct statfs status {};
  return ::fstatfs(file.get(), &status) == 0 && status.f_type == NSFS_MAGIC &&
         ::ioctl(file.get(), NS_GET_NSTYPE) == CLONE_NEWNS;
}

Status remove_all(const std::string& place) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return failed("keep mounts from the host");
  TRY(nothing, new_mount("tmpfs", {{"size", "4k"}, {"mode", "0555"}},
                         MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, "nothing"));
  TRY_DO(attach(nothing.get(), AT_FDCWD, place));
  if (::chdir(place.c_str()) != 0) return failed("enter an empty directory");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return failed("make an empty directory the root");
  return ::umount2(".", MNT_DETACH) == 0 ? Status{} : failed("remove the host's mounts");
}

bool is_same_file(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

// `place` is any directory; the caller goes back from wherever this leaves the process.
Result<Fd> make_empty(const std::string& place) {
  if (::unshare(CLONE_NEWNS) != 0) return fail_errno("cannot make a mount namespace", errno);
  TRY(made, open_at(AT_FDCWD, own_namespace, O_RDONLY));
  TRY_DO(remove_all(place));
  // pivot_root(2) replaces the caller's root; in a chroot that of the namespace is still there, and setns(2) leads to
  // it.
  struct stat nothing {};
  struct stat root {};
  if (::stat("/", &nothing) != 0 || ::setns(made.get(), CLONE_NEWNS) != 0 || ::stat("/", &root) != 0)
    return fail_errno("cannot enter an empty mount namespace", errno);
  if (!is_same_file(nothing, root)) return fail(Code::io, "cannot empty a mount namespace from within a chroot");
  return made;
}

// The parent of the pin: a mount of the directory on itself that is unbindable, and so private. Below a shared one, as
// /run is where systemd runs, the kernel would pin the namespace in each namespace that receives mounts from there as
// well, which it refuses (EINVAL: fs/namespace.c copy_tree). And a recursive bind of /run, that of a volume, would hold
// the pin, which may be mounted in no younger namespace (ELOOP), and has no idmapped mounts.
Result<Fd> unbindable_directory(const Fd& state, const std::string& name) {
  TRY(directory, make_trusted_directory(state.get(), directory_of_pin, 0700));
  struct statx status {};
  if (::statx(directory.get(), "", AT_EMPTY_PATH, STATX_TYPE, &status) != 0)
    return fail_errno("cannot stat " + name, errno);
  if ((status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) {
    TRY(itself, clone_tree(directory.get(), false, name));
    TRY_DO(attach(itself.get(), state.get(), directory_of_pin));
    directory = std::move(itself);
  }
  TRY_DO(set_propagation(directory.get(), MS_UNBINDABLE, false, name));
  return directory;
}

// Under the lock, because a pin on a pin would hold two namespaces and show one. Only a younger namespace can be pinned
// (ELOOP), and Linux 6.18 tells that by numbers of each processor: below another one than the host's own this may fail,
// until a create runs where the numbers are higher.
Result<Fd> pinned_anew(const std::string& state) {
  TRY(above, open_trusted_directory(AT_FDCWD, state));
  TRY_DO(lock_within(above.get(), Lock::exclusive, lock_patience, state));
  TRY(directory, unbindable_directory(above, state + "/" + directory_of_pin));
  TRY(point, open_at(directory.get(), pin, O_RDONLY | O_CREAT | O_NOFOLLOW, 0600));
  if (is_namespace(point)) return point;
  TRY(here, Whereabouts::now());
  auto made = make_empty(state);
  TRY_DO(here.restore());
  if (!made) return made;
  TRY(bound, clone_tree(made->get(), false, own_namespace));
  TRY_DO(attach(bound.get(), directory.get(), pin));
  return made;
}

}  // namespace

Result<Whereabouts> Whereabouts::now() {
  Whereabouts result;
  TRY(mounts, open_at(AT_FDCWD, own_namespace, O_RDONLY));
  TRY(root, open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY));
  TRY(directory, open_at(AT_FDCWD, ".", O_PATH | O_DIRECTORY));
  result.mounts_ = std::move(mounts);
  result.root_ = std::move(root);
  result.directory_ = std::move(directory);
  return result;
}

// setns(2) leads to the root of the namespace, which need not be that of the process.
Status Whereabouts::restore() const {
  if (::setns(mounts_.get(), CLONE_NEWNS) != 0 || ::fchdir(root_.get()) != 0 || ::chroot(".") != 0 ||
      ::fchdir(directory_.get()) != 0)
    return failed("go back to the mount namespace of the caller");
  return {};
}

Result<Fd> empty_namespace(const std::string& state) {
  auto found = open_at(AT_FDCWD, state + "/" + directory_of_pin + "/" + pin, O_RDONLY | O_NOFOLLOW);
  if (found && is_namespace(*found)) return found;
  return pinned_anew(state);
}

}  // namespace hardened::rootfs
