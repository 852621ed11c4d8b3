#include "state/id_ranges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "state/shard.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

namespace hardened::state {
namespace {

using host::IdPool;

constexpr char next_link[] = "next";

class Slots {
 public:
  static Result<Slots> open(const std::string& state_root, const IdPool& pool) {
    TRY(state, open_state(state_root));
    TRY(directory, make_trusted_directory(state.get(), "ids"));
    TRY_DO(lock_within(directory.get(), Lock::exclusive, lock_patience, state_root + "/ids"));
    return Slots(std::move(directory), state_root, pool);
  }

  // The first of `count` free slots side by side; the pool's size when there are none.
  [[nodiscard]] std::uint32_t find(std::uint32_t count) const {
    std::uint32_t next = 0;
    const std::string link = link_target(directory_.get(), next_link).value_or("");
    std::from_chars(link.data(), link.data() + link.size(), next);
    for (std::uint32_t tried = 0; tried < pool_.slots; ++tried) {
      const std::uint32_t first = (next % pool_.slots + tried) % pool_.slots;
      if (first + count <= pool_.slots && are_free(first, count)) return first;
    }
    return pool_.slots;
  }

  // Puts `holder` beside those that have the slot.
  [[nodiscard]] Status join(std::uint32_t slot, const std::string& holder) const {
    for (std::uint32_t index = 1;; ++index) {
      TRY(other, link_target(directory_.get(), entry(slot, index)));
      if (other.empty() || !holds(other)) return replace(entry(slot, index), holder);
    }
  }

  [[nodiscard]] Status take(std::uint32_t first, std::uint32_t count, const std::string& holder) const {
    for (std::uint32_t slot = first; slot < first + count; ++slot) TRY_DO(replace(std::to_string(slot), holder));
    return replace(next_link, std::to_string(first + count));
  }

 private:
  Slots(Fd directory, const std::string& state_root, const IdPool& pool)
      : directory_(std::move(directory)), state_root_(state_root), pool_(pool) {}

  [[nodiscard]] bool are_free(std::uint32_t first, std::uint32_t count) const {
    const auto in_use_by_host = [&](const std::vector<host::IdInterval>& ids, std::uint32_t base) {
      const std::uint32_t from = base + first * IdPool::slot;
      return std::any_of(ids.begin(), ids.end(), [&](const host::IdInterval& interval) {
        return interval.overlaps(from, count * IdPool::slot);
      });
    };
    if (in_use_by_host(pool_.users, pool_.uid) || in_use_by_host(pool_.groups, pool_.gid)) return false;
    for (std::uint32_t slot = first; slot < first + count; ++slot) {
      if (is_held(slot)) return false;
    }
    return true;
  }

  // The one that claimed it, and those that share it: a row without gaps, since an entry is only ever replaced.
  static std::string entry(std::uint32_t slot, std::uint32_t index) {
    return index == 0 ? std::to_string(slot) : fmt::format("{}.{}", slot, index);
  }

  [[nodiscard]] bool is_held(std::uint32_t slot) const {
    for (std::uint32_t index = 0;; ++index) {
      const auto holder = link_target(directory_.get(), entry(slot, index));
      if (!holder) return true;
      if (holder->empty() && index != 0) return false;
      if (!holder->empty() && holds(*holder)) return true;
    }
  }

  // "PID:START/KEY/FIRST". What cannot be read holds for ever: an id range in doubt is not given to a second container.
  [[nodiscard]] bool holds(const std::string& holder) const {
    const std::vector<std::string> parts = split(holder, '/');
    const auto creator = parts.size() == 3 ? parse_process(parts[0]) : std::nullopt;
    return !creator || may_be_alive(*creator) || holds_ids(state_root_, parts[1], parts[2]);
  }

  [[nodiscard]] Status replace(const std::string& name, const std::string& target) const {
    constexpr char fresh[] = ".new";
    ::unlinkat(directory_.get(), fresh, 0);
    if (::symlinkat(target.c_str(), directory_.get(), fresh) != 0 ||
        ::renameat(directory_.get(), fresh, directory_.get(), name.c_str()) != 0)
      return fail_errno("cannot claim the id range " + name, errno);
    return {};
  }

  Fd directory_;
  const std::string& state_root_;
  const IdPool& pool_;
};

std::string holder_of(const IdClaim& claim, const kernel::IdMapping& ids) {
  return fmt::format("{}/{}/{}", format_process(claim.creator), key_of(claim.runtime_root, claim.id), ids.uid);
}

}  // namespace

Result<kernel::IdMapping> claim_ids(const IdClaim& claim, const IdPool& pool, const std::string& state_root) {
  const std::uint32_t count = (claim.size + IdPool::slot - 1) / IdPool::slot;
  TRY(slots, Slots::open(state_root, pool));
  const std::uint32_t first = slots.find(count);
  if (first == pool.slots)
    return fail(Code::policy,
                fmt::format("cannot find {} free host ids for a container: all {} ranges from {} on are in use",
                            claim.size, pool.slots, pool.uid),
                "give the user \"hardened\" more ids in /etc/subuid and /etc/subgid");
  const kernel::IdMapping ids{pool.uid + first * IdPool::slot, pool.gid + first * IdPool::slot, claim.size};
  TRY_DO(slots.take(first, count, holder_of(claim, ids)));
  return ids;
}

Status share_ids(const IdClaim& claim, const kernel::IdMapping& ids, const IdPool& pool,
                 const std::string& state_root) {
  const std::uint32_t first = (ids.uid - pool.uid) / IdPool::slot;
  if (ids.uid < pool.uid || first >= pool.slots) return {};
  TRY(slots, Slots::open(state_root, pool));
  for (std::uint32_t slot = first; slot < first + ids.size / IdPool::slot; ++slot)
    TRY_DO(slots.join(slot, holder_of(claim, ids)));
  return {};
}

}  // namespace hardened::state
