#include "rootfs/ephemeral.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "rootfs/mount_api.h"
#include "util/fd.h"
#include "util/text.h"

namespace hardened::rootfs {
namespace {

constexpr char tmpfs_name[] = "writable";

// Overlay layers are given as descriptors: a path would be parsed for ':' and ',' and resolved once more.
std::string by_descriptor(const Fd& fd, const std::string& below = {}) {
  return "/proc/self/fd/" + std::to_string(fd.get()) + below;
}

// Opened anew, because overlayfs takes layers of its own mount namespace only; and compared, because it is opened anew.
Result<Fd> open_lower(const Ephemeral& wanted, struct stat& status) {
  TRY(lower, open_at(AT_FDCWD, wanted.lower, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  if (::fstat(lower.get(), &status) != 0) return fail_errno("cannot stat the root file system", errno);
  if (host::Identity{status.st_dev, status.st_ino} != wanted.identity)
    return fail(Code::io,
                "cannot use the root file system " + in_quotes(wanted.lower) + ": it was exchanged meanwhile");
  return lower;
}

// The root of an overlay shows owner and mode of its upper layer: the image's must not get lost.
Status make_layers(int directory, const struct stat& lower) {
  if (::mkdirat(directory, "upper", 0700) != 0 || ::mkdirat(directory, "work", 0700) != 0)
    return fail_errno("cannot make the writable layer", errno);
  TRY(upper, open_at(directory, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (::fchown(upper.get(), lower.st_uid, lower.st_gid) != 0 || ::fchmod(upper.get(), lower.st_mode & 07777U) != 0)
    return fail_errno("cannot give the writable layer its owner", errno);
  return {};
}

Result<Fd> mount_tmpfs(std::uint64_t size, int workshop) {
  TRY(tmpfs, new_mount("tmpfs", {{"size", std::to_string(size)}, {"mode", "0700"}}, 0, "the writable layer"));
  if (::mkdirat(workshop, tmpfs_name, 0700) != 0) return fail_errno("cannot make the writable layer", errno);
  TRY_DO(attach(tmpfs.get(), workshop, tmpfs_name));
  return open_at(workshop, tmpfs_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

}  // namespace

Status mount_ephemeral(const Ephemeral& wanted, int workshop) {
  struct stat status {};
  TRY(lower, open_lower(wanted, status));
  TRY(tmpfs, mount_tmpfs(wanted.size, workshop));
  TRY_DO(make_layers(tmpfs.get(), status));
  MountOptions options = {{"source", "hardened"},
                          {"lowerdir", by_descriptor(lower)},
                          {"upperdir", by_descriptor(tmpfs, "/upper")},
                          {"workdir", by_descriptor(tmpfs, "/work")}};
  if (!wanted.label.empty()) options.emplace_back("context", wanted.label);
  TRY(overlay, new_mount("overlay", options, 0, "the ephemeral root file system"));
  return attach(overlay.get(), AT_FDCWD, wanted.target);
}

}  // namespace hardened::rootfs
