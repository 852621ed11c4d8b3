// From the paths a container wrote to, to the directories that have to be writable.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "generate/evidence.h"

namespace hardened::generate {

struct WritableDirectory {
  std::string path;
  std::uint64_t bytes = 0;  // seen
  std::size_t files = 0;    // and other entries written there
  std::uint64_t size = 0;   // of the tmpfs: with headroom
};

struct WritablePlan {
  std::vector<WritableDirectory> directories;   // sorted
  std::map<std::string, std::string> unhelped;  // path → why a tmpfs cannot make it writable
};

// The fewest directories below which all of `writes` lie, without those that are writable anyway (`already`), but with
// those of the image below /run that were used: the tmpfs there begins without them. Never a
// directory that holds, or may hold, an image's programs and configuration: an empty tmpfs over it would hide them.
[[nodiscard]] WritablePlan plan_writable(const std::map<std::string, WrittenPath>& writes,
                                         const std::vector<std::string>& already);

// `bytes` with headroom: twice as much, at least 16 MiB, in whole MiB.
[[nodiscard]] std::uint64_t with_headroom(std::uint64_t bytes, std::uint64_t least);

}  // namespace hardened::generate
