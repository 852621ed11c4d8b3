// Which mount a file is on (statx(2)); and listmount(2) and statmount(2), Linux 6.8: what /proc/self/mountinfo says, of
// one mount. Beside 500 containers the kernel takes 8 ms to write that file, half of it for the options of overlays.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace hardened::kernel {

enum class MountIds {
  unique,     // no other mount ever gets it (statx(2), STATX_MNT_ID_UNIQUE, Linux 6.8)
  mountinfo,  // a mount made later may get it again (STATX_MNT_ID, Linux 5.8)
};

struct FilePlace {
  std::uint64_t mount = 0;  // id of the mount that the file lies in; 0 where the kernel is too old to tell
  dev_t device = 0;
  ino_t inode = 0;
};

// Where the file `fd` is. Errors: Code::io.
[[nodiscard]] Result<FilePlace> place_of(int fd, MountIds ids);
// Where the file is that `path` leads to, links followed and no automount set off; nothing where there is none.
// Errors: Code::io, also for a link that leads to nothing.
[[nodiscard]] Result<std::optional<FilePlace>> place_of(const std::string& path, MountIds ids);

struct MountStatus {
  std::uint64_t parent = 0;        // unique id of the mount that it is mounted on
  std::uint64_t mountinfo_id = 0;  // mountinfo's, and statx(2)'s STATX_MNT_ID
  std::uint64_t device = 0;        // of the super block
  std::string root;                // of the mount within its file system
  std::string target;              // seen from this process's root
  std::string type;                // with its subtype ("fuse.sshfs"), which the kernel tells from 6.13 on
};

// The mount with that unique id; nothing where it is in this mount namespace no more, or not below this process's root.
// Errors: Code::io where the kernel does not tell.
[[nodiscard]] Result<std::optional<MountStatus>> statmount(std::uint64_t mount);

// The options of its super block, as the file system writes them into mountinfo; nothing where there
// are none, the mount is gone, or the kernel (before 6.11) does not tell.
[[nodiscard]] std::optional<std::string> mount_options(std::uint64_t mount);

// The unique ids of the mounts that hang below that one, at any depth, in the order in which they were made.
// Errors: Code::io.
[[nodiscard]] Result<std::vector<std::uint64_t>> listmount(std::uint64_t mount);
// The same of all mounts that this process's root reaches.
[[nodiscard]] Result<std::vector<std::uint64_t>> listmount();

}  // namespace hardened::kernel
