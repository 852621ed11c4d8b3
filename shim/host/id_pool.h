// The host ids that containers may be given.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "util/result.h"

namespace hardened::host {

struct IdInterval {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  [[nodiscard]] bool overlaps(std::uint32_t from, std::uint32_t size) const {
    return std::uint64_t{first} < std::uint64_t{from} + size && std::uint64_t{from} < std::uint64_t{first} + count;
  }
};

// `slots` ranges of `slot` ids each, side by side, for users from `uid` and for groups from `gid` on.
struct IdPool {
  // What an image may use without thought (nobody is 65534), and what every other engine gives a container.
  static constexpr std::uint32_t slot = 65536;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t slots = 0;
  std::vector<IdInterval> users;  // of the host: no range of the pool that overlaps one is given out
  std::vector<IdInterval> groups;
};

// Where the host's administrator says nothing: 4096 ranges above what distributions, systemd-nspawn's default and other
// engines' subordinate ids use.
inline constexpr std::uint32_t default_first_id = 0x40000000;
inline constexpr std::uint32_t default_slots = 4096;

// The subordinate ids of the user "hardened" in /etc/subuid and /etc/subgid (subuid(5)) when both list it, from the
// next multiple of IdPool::slot on; else the default. The ids of /etc/passwd and /etc/group, and the subordinate ids
// of others, are never given out. Errors: Code::policy when only one of the two files lists "hardened", or too few ids.
[[nodiscard]] Result<IdPool> id_pool(const std::string& etc = "/etc");

}  // namespace hardened::host
