// An engine's configuration file while hardenctl changes it.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "util/fd.h"
#include "util/result.h"

namespace hardened::ctl {

constexpr std::size_t largest_config = std::size_t{8} << 20;  // bytes

// Locked against others of us by its directory, for as long as this lives.
struct ConfigFile {
  std::string path;
  std::string name;
  Fd directory;                     // not valid: there is no such directory
  std::optional<std::string> text;  // nothing: there is no such file
  uid_t owner = 0;
  gid_t group = 0;
  mode_t mode = 0644;
};

enum class MissingDirectory { make, leave };

// Reads the file at the absolute `path`. Errors: a symbolic link, a file or a directory that others than root may
// write, more than largest_config, another hardenctl that does not end.
[[nodiscard]] Result<ConfigFile> open_config(const std::string& path, MissingDirectory missing);

// Prints what changes, as diff(1) shows it; where there is no diff(1), the whole of what is to be written.
void show_difference(const ConfigFile& config, const std::string& after);

// Writes `after` in the file's place, with its owner and mode, atomically; nothing takes the file away.
[[nodiscard]] Status replace(const ConfigFile& config, const std::optional<std::string>& after);

}  // namespace hardened::ctl
