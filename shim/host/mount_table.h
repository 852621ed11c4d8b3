// The mounts of this process's mount namespace. libmount would read them as well, but has no static archive in Debian,
// and loading it with what it needs takes longer than everything else here; the tests compare with it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/facts.h"
#include "util/result.h"

namespace hardened::host {

// The kernel writes a space, tab, line break, backslash and "#" as "\\040" in its tables.
[[nodiscard]] std::string unescaped(std::string_view text);

class MountTable {
 public:
  struct Mount {
    std::uint64_t device = 0;
    std::string root;    // of the mount within its file system
    std::string target;  // where it is mounted
    std::string type;
    std::string options;  // of the super block, as the kernel escapes them
    std::size_t row = 0;  // in the kernel's order
    bool unbindable = false;
    bool operator==(const Mount&) const = default;
  };

  // Reads /proc/self/mountinfo once. Errors: Code::io.
  [[nodiscard]] static Result<MountTable> read();
  // The same from the text of a mountinfo file (proc_pid_mountinfo(5)); a line of another form is no mount.
  [[nodiscard]] static MountTable parse(std::string_view text);

  // Where the clean absolute path `resolved` lies, which statx(2) says belongs to mount `id`; an empty Location when
  // the table has no such mount or the path is not below it (it belongs to another mount namespace). The device is
  // mountinfo's: on btrfs st_dev is that of a subvolume and differs between two ways to one file.
  [[nodiscard]] Location locate(std::uint64_t id, const std::string& resolved) const;

  // The mount `id`, or nothing.
  [[nodiscard]] const Mount* find(std::uint64_t id) const;

  // The mounts below the clean absolute path `resolved`, those hidden under another one included.
  [[nodiscard]] std::vector<PathFact> below(const std::string& resolved) const;

  [[nodiscard]] const std::map<std::uint64_t, Mount>& mounts() const { return mounts_; }

 private:
  std::map<std::uint64_t, Mount> mounts_;  // by mount id
};

}  // namespace hardened::host
