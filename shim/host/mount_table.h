// The mounts of this process's mount namespace. The only includer of <libmount.h>.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "host/facts.h"
#include "util/result.h"

namespace hardened::host {

class MountTable {
 public:
  // Reads /proc/self/mountinfo once. Errors: Code::io.
  [[nodiscard]] static Result<MountTable> read();

  // Where the clean absolute path `resolved` lies, which statx(2) says belongs to mount `id`; an empty Location when
  // the table has no such mount or the path is not below it (it belongs to another mount namespace). The device is
  // mountinfo's: on btrfs st_dev is that of a subvolume and differs between two ways to one file.
  [[nodiscard]] Location locate(std::uint64_t id, const std::string& resolved) const;

  // The type of the file system of mount `id`; empty when the table has no such mount.
  [[nodiscard]] std::string file_system(std::uint64_t id) const;

  // The mounts below the clean absolute path `resolved`, those hidden under another one included.
  [[nodiscard]] std::vector<PathFact> below(const std::string& resolved) const;

 private:
  struct Mount {
    std::uint64_t device = 0;
    std::string root;    // of the mount within its file system
    std::string target;  // where it is mounted
    std::string type;
  };
  std::map<std::uint64_t, Mount> mounts_;  // by mount id
};

}  // namespace hardened::host
