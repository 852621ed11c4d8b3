#include "rootfs/mount_api.h"

#include <fcntl.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstdint>

namespace hardened::rootfs {
namespace {

// ENOSYS: the kernel is too old, or a filter does not know the call. EPERM: it is not for the root of a nested engine.
Code lacking(int error) {
  return error == ENOSYS || error == EPERM ? Code::policy : Code::io;
}

}  // namespace

Result<Fd> clone_tree(int source, bool recursive, const std::string& name) {
  const unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  const int tree = ::open_tree(source, "", flags);
  if (tree < 0) return fail_errno("cannot take the mount of " + name, errno, lacking(errno));
  return Fd(tree);
}

Result<Fd> new_mount(const std::string& type, const MountOptions& options, unsigned attributes,
                     const std::string& name) {
  const Fd context(::fsopen(type.c_str(), FSOPEN_CLOEXEC));
  if (!context.valid()) return fail_errno("cannot make " + name + ": no " + type, errno);
  for (const auto& [key, value] : options) {
    if (::fsconfig(context.get(), FSCONFIG_SET_STRING, key.c_str(), value.c_str(), 0) != 0)
      return fail_errno("cannot make " + name + ": " + type + " option " + key + "=" + value, errno);
  }
  if (::fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0)
    return fail_errno("cannot make " + name + ": " + type, errno);
  const int mount = ::fsmount(context.get(), FSMOUNT_CLOEXEC, attributes);
  if (mount < 0) return fail_errno("cannot mount " + name, errno);
  return Fd(mount);
}

Result<bool> map_ids(int tree, int user_namespace, bool recursive, const std::string& name) {
  struct mount_attr attributes {};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace);
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(tree, "", flags, &attributes, sizeof attributes) == 0) return true;
  if (errno == EINVAL) return false;
  return fail_errno("cannot map the user ids of " + name, errno, lacking(errno));
}

Status restrict_mount(int tree, unsigned attributes, bool recursive, const std::string& name) {
  struct mount_attr change {};
  change.attr_set = attributes;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (attributes == 0 || ::mount_setattr(tree, "", flags, &change, sizeof change) == 0) return {};
  return fail_errno("cannot restrict the mount of " + name, errno);
}

Status set_propagation(int tree, std::uint64_t propagation, bool recursive, const std::string& name) {
  struct mount_attr change {};
  change.propagation = propagation;
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(tree, "", flags, &change, sizeof change) == 0) return {};
  return fail_errno("cannot set the propagation of the mount of " + name, errno);
}

Status attach(int mount, int directory, const std::string& target) {
  if (::move_mount(mount, "", directory, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) != 0)
    return fail_errno("cannot mount on " + target, errno);
  return {};
}

}  // namespace hardened::rootfs
