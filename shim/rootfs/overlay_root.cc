#include "rootfs/overlay_root.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "rootfs/mount_api.h"
#include "util/fd.h"
#include "util/text.h"

namespace hardened::rootfs {
namespace {

constexpr char tmpfs_name[] = "writable";
constexpr char engine_work[] = "work-hardened";

std::string by_descriptor(const Fd& fd, const std::string& below) {
  return "/proc/self/fd/" + std::to_string(fd.get()) + "/" + below;
}

Result<Fd> mount_tmpfs(std::uint64_t size, int workshop) {
  TRY(tmpfs, new_mount("tmpfs", {{"size", std::to_string(size)}, {"mode", "0700"}}, 0, "the writable layer"));
  if (::mkdirat(workshop, tmpfs_name, 0700) != 0) return fail_errno("cannot make the writable layer", errno);
  TRY_DO(attach(tmpfs.get(), workshop, tmpfs_name));
  return open_at(workshop, tmpfs_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// The root of an overlay shows owner and mode of its upper layer: the image's must not get lost.
Status make_upper(int directory, const std::string& top) {
  struct stat status {};
  if (::stat(top.c_str(), &status) != 0) return fail_errno("cannot stat the image's root directory", errno);
  if (::mkdirat(directory, "upper", 0700) != 0 || ::mkdirat(directory, "work", 0700) != 0)
    return fail_errno("cannot make the writable layer", errno);
  TRY(upper, open_at(directory, "upper", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  if (::fchown(upper.get(), status.st_uid, status.st_gid) != 0 || ::fchmod(upper.get(), status.st_mode & 07777U) != 0)
    return fail_errno("cannot give the writable layer its owner", errno);
  return {};
}

// Files are made with the file system ids of the caller. On an idmapped mount those of host root have no name
// (EOVERFLOW: overlayfs would silently become read-only); those of the container's root are stored as root's. Changing
// them drops the capabilities over files, which are raised again.
class ContainerRoot {
 public:
  explicit ContainerRoot(const kernel::IdMapping& ids) : active_(ids.size != 0) {
    if (!active_) return;
    const Capabilities held = get();
    ::setfsgid(ids.gid);
    ::setfsuid(ids.uid);
    set(held);
  }
  ContainerRoot(const ContainerRoot&) = delete;
  ContainerRoot& operator=(const ContainerRoot&) = delete;
  ~ContainerRoot() {
    if (!active_) return;
    ::setfsuid(0);
    ::setfsgid(0);
  }

 private:
  struct Capabilities {
    __user_cap_data_struct sets[2];
  };
  static Capabilities get() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    Capabilities held{};
    ::syscall(SYS_capget, &header, held.sets);
    return held;
  }
  static void set(const Capabilities& held) {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    ::syscall(SYS_capset, &header, held.sets);
  }
  bool active_;
};

Status make_engine_work(const OverlayRoot& wanted) {
  const ContainerRoot as_container_root(wanted.ids);
  const std::string work = wanted.engine_layer + "/" + engine_work;
  if (::mkdir(work.c_str(), 0700) != 0 && errno != EEXIST)
    return fail_errno("cannot make a work directory beside the engine's writable layer", errno);
  return {};
}

// mount(2) and not fsconfig(2), which takes 256 bytes for all lower layers together before Linux 6.5.
Status mount_overlay(const OverlayRoot& wanted, const std::string& upper, const std::string& work) {
  std::string options =
      fmt::format("lowerdir={},upperdir={},workdir={},index=off", join(wanted.lower, ":"), upper, work);
  for (const std::string& feature : wanted.features) options += "," + feature;
  if (!wanted.label.empty()) options += fmt::format(",context=\"{}\"", wanted.label);
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (options.size() >= page)
    return fail(Code::io, fmt::format("cannot mount the root file system: {} layers are too many", wanted.lower.size()),
                "squash the image");
  const ContainerRoot as_container_root(wanted.engine_layer.empty() ? kernel::IdMapping{} : wanted.ids);
  if (::mount("hardened", wanted.target.c_str(), "overlay", 0, options.c_str()) != 0)
    return fail_errno("cannot mount the root file system", errno);
  return {};
}

}  // namespace

Status mount_overlay_root(const OverlayRoot& wanted, int workshop) {
  if (!wanted.engine_layer.empty()) {
    TRY_DO(make_engine_work(wanted));
    return mount_overlay(wanted, wanted.engine_layer + "/" + wanted.upper_name,
                         wanted.engine_layer + "/" + engine_work);
  }
  TRY(tmpfs, mount_tmpfs(wanted.size, workshop));
  TRY_DO(make_upper(tmpfs.get(), wanted.lower.front()));
  return mount_overlay(wanted, by_descriptor(tmpfs, "upper"), by_descriptor(tmpfs, "work"));
}

}  // namespace hardened::rootfs
