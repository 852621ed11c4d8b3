// What a container wrote to its own root file system: what lies in the overlay's upper directory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace hardened::record {

struct Write {
  std::string path;                                   // as the container sees it
  std::string_view kind;                              // "file", "directory", "other", "removed"
  std::optional<std::uint64_t> bytes = std::nullopt;  // of a file: what it takes on the disk, at most its size
  bool operator==(const Write&) const = default;
};

struct Writes {
  std::vector<Write> found;       // sorted by path
  std::vector<std::string> lost;  // a sentence each
};

// Lists the upper directory `upper`; what the container left there is hostile: no link is followed. Left out are the
// engine's own files, the mount points `mounts` and all below them. A directory counts where it is new, or where
// nothing in it does: then it was changed itself, or what was made in it is gone again. Errors: Code::io.
[[nodiscard]] Result<Writes> list_writes(const std::string& upper, const std::vector<std::string>& mounts);

}  // namespace hardened::record
