// The mounts of this process's mount namespace, asked of the kernel (kernel/statmount.h), or read in mountinfo where it
// is too old. libmount would read that as well, but has no static archive in Debian, and loading it with what it needs
// takes longer than everything else here; the tests compare with it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/facts.h"
#include "kernel/statmount.h"
#include "util/result.h"

namespace hardened::host {

// The kernel writes a space, tab, line break, backslash and "#" as "\\040" in its tables.
[[nodiscard]] std::string unescaped(std::string_view text);

class MountTable {
 public:
  struct Mount {
    std::uint64_t parent = 0;        // id of the mount that it is mounted on
    std::uint64_t order = 0;         // of the mounts of one table, those made later have higher ones
    std::uint64_t mountinfo_id = 0;  // its first column
    std::uint64_t device = 0;
    std::string root;    // of the mount within its file system
    std::string target;  // where it is mounted
    std::string type;
    bool operator==(const Mount&) const = default;
  };

  // Asks the kernel for each mount when it is wanted (Linux 6.8), of the mount namespace that this process is in then;
  // or reads mountinfo. Errors: Code::io.
  [[nodiscard]] static Result<MountTable> read();
  // The mounts as /proc/self/mountinfo has them now, on any kernel. Errors: Code::io.
  [[nodiscard]] static Result<MountTable> read_mountinfo();
  // The same from the text of a mountinfo file (proc_pid_mountinfo(5)); a line of another form is no mount.
  [[nodiscard]] static MountTable parse(std::string_view text);

  // The id, in this table, of the mount that `fd` lies in; 0 where the kernel has none (before 5.8). Errors: Code::io.
  [[nodiscard]] Result<std::uint64_t> id_of(int fd) const;
  // Where the file is that `path` leads to; nothing where there is none. Errors: Code::io, as for a link to nothing.
  [[nodiscard]] Result<std::optional<kernel::FilePlace>> place_of(const std::string& path) const;

  // The mount `id`, valid as long as the table; nothing where there is no such mount, or no more. Errors: Code::io.
  [[nodiscard]] Result<const Mount*> find(std::uint64_t id) const;

  // Where the clean absolute path `resolved` lies, which belongs to that mount; an empty Location when the path is not
  // below it (it belongs to another mount namespace). The device is mountinfo's: on btrfs st_dev is that of a subvolume
  // and differs between two ways to one file.
  [[nodiscard]] static Location locate(const Mount& mount, const std::string& resolved);

  // The ids of all mounts, or of those that hang below mount `id` at any depth. Errors: Code::io.
  [[nodiscard]] Result<std::vector<std::uint64_t>> all() const;
  [[nodiscard]] Result<std::vector<std::uint64_t>> under(std::uint64_t id) const;

  // The mounts below the clean absolute path `resolved`, which belongs to mount `id`: what a recursive bind of it
  // brings along. Errors: Code::io.
  [[nodiscard]] Result<std::vector<PathFact>> below(std::uint64_t id, const std::string& resolved) const;

  // The options of the super block of mount `id`, as the kernel escapes them; empty where the table has no such mount,
  // or it is gone. Errors: Code::io.
  [[nodiscard]] Result<std::string> options(std::uint64_t id) const;

 private:
  [[nodiscard]] kernel::MountIds ids() const {
    return asks_kernel_ ? kernel::MountIds::unique : kernel::MountIds::mountinfo;
  }

  bool asks_kernel_ = false;
  mutable std::map<std::uint64_t, Mount> mounts_;  // by id: mountinfo's, or unique ones; those known so far
  std::map<std::uint64_t, std::string> options_;   // read in mountinfo
};

}  // namespace hardened::host
