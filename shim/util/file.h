// Reading whole files and replacing them atomically, always through a directory descriptor.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "util/fd.h"
#include "util/result.h"

namespace hardened {

// The whole of `fd` from its offset; Code::io when it holds more than `limit` bytes. `name` is used in errors only.
[[nodiscard]] Result<std::string> read_all(int fd, std::size_t limit, const std::string& name);

// The next at most `count` bytes of `fd`; empty at its end.
[[nodiscard]] Result<std::string> read_some(int fd, std::size_t count, const std::string& name);

// Writes all of `text`, restarting on EINTR and short writes.
[[nodiscard]] Status write_all(int fd, std::string_view text, const std::string& name);

// Opens a configuration file that decides about privilege and returns its text. It must be a regular file, owned by
// root (or by us, for a non-root test), not writable by group or others, and not a symbolic link: whoever can write
// it has the power of the runtime itself.
[[nodiscard]] Result<std::string> read_trusted_file(int directory, const std::string& path, std::size_t limit);

// Makes a root-only (0700 unless `mode` says otherwise) directory and its missing parents; existing ones are kept as
// they are.
[[nodiscard]] Status make_directories(const std::string& path, mode_t mode = 0700);

// Opens a directory of ours to read and write in it. It must be a real directory (not a symbolic link), owned by root
// (or by us) and not writable by group or others: whoever can rename our files there decides what a container was
// granted.
[[nodiscard]] Result<Fd> open_trusted_directory(int directory, const std::string& path);

// The same, made with `mode` where it is missing (not its parents).
[[nodiscard]] Result<Fd> make_trusted_directory(int directory, const std::string& path, mode_t mode = 0700);

// Opens a file of ours with `flags` as open_at() does, and checks it as read_trusted_file() does.
[[nodiscard]] Result<Fd> open_trusted_file(int directory, const std::string& path, int flags, mode_t mode = 0600);

// A replacement for `name` that becomes visible only by commit(); the destructor abandons it.
class AtomicFile {
 public:
  // Starts a replacement in the directory `directory` (borrowed: must outlive this object); created with mode 0600.
  [[nodiscard]] static Result<AtomicFile> beside(int directory, std::string name);
  AtomicFile(AtomicFile&& other) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  [[nodiscard]] Status write(std::string_view text);
  // Gives the replacement the owner and permission bits of the file it replaces.
  [[nodiscard]] Status adopt(uid_t owner, gid_t group, mode_t mode);
  // To the disk, for what must outlive a power failure: an empty file must not take the place of the old one.
  [[nodiscard]] Status sync();
  // rename(2) over the target. Not synced to disk: bundles and state do not outlive a reboot.
  [[nodiscard]] Status commit();

 private:
  AtomicFile(int directory, std::string name, std::string temporary, Fd fd);
  int directory_;
  std::string name_;
  std::string temporary_;  // empty once committed
  Fd fd_;
};

}  // namespace hardened
