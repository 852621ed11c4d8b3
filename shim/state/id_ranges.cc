#include "state/id_ranges.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <optional>
#include <set>

#include "state/mapped_ids.h"
#include "state/shard.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

namespace hardened::state {
namespace {

using host::IdInterval;
using host::IdPool;

constexpr char next_link[] = "next";

// Who holds which ids: the links in ids/, locked while this object lives.
class Holders {
 public:
  static Result<Holders> open(const std::string& state_root) {
    TRY(state, open_state(state_root));
    TRY(directory, make_trusted_directory(state.get(), "ids"));
    TRY_DO(lock_within(directory.get(), Lock::exclusive, lock_patience, state_root + "/ids"));
    return Holders(std::move(directory), state_root);
  }

  // The slot to try first; nothing where the living were not all entered that may have ids of `pool`.
  [[nodiscard]] std::optional<std::uint32_t> next(const IdPool& pool) const {
    const std::string link = link_target(directory_.get(), next_link).value_or("");
    std::uint32_t slot = 0;
    const auto [end, error] = std::from_chars(link.data(), link.data() + link.size(), slot);
    if (error != std::errc{} || std::string_view(end) != described(pool)) return std::nullopt;
    return slot;
  }
  [[nodiscard]] Status set_next(const IdPool& pool, std::uint32_t slot) const {
    return replace(next_link, std::to_string(slot) + described(pool));
  }

  [[nodiscard]] bool has(std::uint32_t first) const {
    for (std::uint32_t index = 0;; ++index) {
      const auto holder = link_target(directory_.get(), entry(first, index));
      if (!holder) return true;
      if (holder->empty() && index != 0) return false;
      if (!holder->empty() && holds(*holder)) return true;
    }
  }
  [[nodiscard]] Status take(std::uint32_t first, const std::string& holder) const {
    return replace(entry(first, 0), holder);
  }
  // Puts `holders` beside those that have the slot.
  [[nodiscard]] Status join(std::uint32_t first, std::set<std::string> holders) const {
    std::vector<std::uint32_t> places;
    std::uint32_t end = 1;
    for (;; ++end) {
      TRY(other, link_target(directory_.get(), entry(first, end)));
      if (other.empty()) break;
      if (holders.erase(other) == 0 && !holds(other)) places.push_back(end);
    }
    for (const std::string& holder : holders) {
      const std::uint32_t place = places.empty() ? end++ : places.back();
      if (!places.empty()) places.pop_back();
      TRY_DO(replace(entry(first, place), holder));
    }
    return {};
  }

 private:
  Holders(Fd directory, const std::string& state_root) : directory_(std::move(directory)), state_root_(state_root) {}

  // The one that claimed it, and those that share it: a row without gaps, since an entry is only ever replaced.
  static std::string entry(std::uint32_t first, std::uint32_t index) {
    return index == 0 ? std::to_string(first) : fmt::format("{}.{}", first, index);
  }

  static std::string described(const IdPool& pool) { return fmt::format("/{}/{}/{}", pool.uid, pool.gid, pool.slots); }

  // What cannot be read holds for ever: an id range in doubt is not given to a second container.
  [[nodiscard]] bool holds(const std::string& holder) const {
    const std::size_t key = holder.find('/');
    const auto process = parse_process(std::string_view(holder).substr(0, key));
    if (!process || may_be_alive(*process)) return true;
    if (key == std::string::npos) return false;  // of a process alone
    const std::size_t first = holder.find('/', key + 1);
    const std::size_t container = first == std::string::npos ? first : holder.find('/', first + 1);
    if (container == std::string::npos) return true;
    return holds_ids(state_root_, holder.substr(key + 1, first - key - 1),
                     holder.substr(first + 1, container - first - 1), holder.substr(container));
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
};

IdInterval users_of(const IdPool& pool, std::uint32_t slot, std::uint32_t count) {
  return {pool.uid + slot * IdPool::slot, count * IdPool::slot};
}

IdInterval groups_of(const IdPool& pool, std::uint32_t slot, std::uint32_t count) {
  return {pool.gid + slot * IdPool::slot, count * IdPool::slot};
}

// What the links of a range are named by: the first id of each slot that `users` or `groups` touch.
std::set<std::uint32_t> names_of(const IdInterval& users, const IdInterval& groups) {
  std::set<std::uint32_t> names;
  for (const IdInterval& ids : {users, groups}) {
    const std::uint64_t end = std::uint64_t{ids.first} + ids.count;
    for (std::uint64_t id = ids.first / IdPool::slot * IdPool::slot; id < end; id += IdPool::slot)
      names.insert(static_cast<std::uint32_t>(id));
  }
  return names;
}

// What of `ids` is in the pool's `all`.
IdInterval within(const IdInterval& ids, const IdInterval& all) {
  const std::uint64_t begin = std::max(ids.first, all.first);
  const std::uint64_t end = std::min(std::uint64_t{ids.first} + ids.count, std::uint64_t{all.first} + all.count);
  return begin < end ? IdInterval{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end - begin)}
                     : IdInterval{};
}

// The names of what is of the pool in `users` and `groups`.
std::set<std::uint32_t> names_in(const IdPool& pool, const std::vector<IdInterval>& users,
                                 const std::vector<IdInterval>& groups) {
  std::set<std::uint32_t> names;
  for (const IdInterval& ids : users) names.merge(names_of(within(ids, users_of(pool, 0, pool.slots)), {}));
  for (const IdInterval& ids : groups) names.merge(names_of(within(ids, groups_of(pool, 0, pool.slots)), {}));
  return names;
}

Status enter_the_living(const Holders& holders, const IdPool& pool) {
  TRY(living, mapped_ids());
  std::map<std::uint32_t, std::set<std::string>> entries;
  for (const MappedIds& ids : living) {
    for (const std::uint32_t name : names_in(pool, ids.users, ids.groups))
      entries[name].insert(format_process(ids.process));
  }
  for (auto& [name, processes] : entries) TRY_DO(holders.join(name, std::move(processes)));
  return {};
}

bool are_free(const Holders& holders, const IdPool& pool, const IdInterval& users, const IdInterval& groups) {
  const auto in_use_by_host = [](const std::vector<IdInterval>& ids, const IdInterval& wanted) {
    return std::any_of(ids.begin(), ids.end(),
                       [&](const IdInterval& interval) { return interval.overlaps(wanted.first, wanted.count); });
  };
  if (in_use_by_host(pool.users, users) || in_use_by_host(pool.groups, groups)) return false;
  const std::set<std::uint32_t> names = names_of(users, groups);
  return std::none_of(names.begin(), names.end(), [&](std::uint32_t name) { return holders.has(name); });
}

// The first of `count` free slots side by side; the pool's size when there are none.
Result<std::uint32_t> find(const Holders& holders, const IdPool& pool, std::uint32_t count) {
  const std::optional<std::uint32_t> next = holders.next(pool);
  if (!next) TRY_DO(enter_the_living(holders, pool));
  for (std::uint32_t tried = 0; tried < pool.slots; ++tried) {
    const std::uint32_t slot = (next.value_or(0) % pool.slots + tried) % pool.slots;
    if (slot + count <= pool.slots &&
        are_free(holders, pool, users_of(pool, slot, count), groups_of(pool, slot, count)))
      return slot;
  }
  return pool.slots;
}

// `first`: as the container's grant says it, which has none for ids that are not ours.
std::string holder_of(const IdClaim& claim, const std::string& first) {
  return fmt::format("{}/{}/{}{}/{}", format_process(claim.creator), key_of(claim.runtime_root, claim.id), first,
                     claim.runtime_root, claim.id);
}

}  // namespace

Result<kernel::IdMapping> claim_ids(const IdClaim& claim, const IdPool& pool, const std::string& state_root) {
  const std::uint32_t count = (claim.size + IdPool::slot - 1) / IdPool::slot;
  TRY(holders, Holders::open(state_root));
  TRY(slot, find(holders, pool, count));
  if (slot == pool.slots)
    return fail(Code::policy,
                fmt::format("cannot find {} free host ids for a container: all {} ranges from {} on are in use",
                            claim.size, pool.slots, pool.uid),
                "give the user \"hardened\" more ids in /etc/subuid and /etc/subgid");
  const IdInterval users = users_of(pool, slot, count);
  const IdInterval groups = groups_of(pool, slot, count);
  const kernel::IdMapping ids{users.first, groups.first, claim.size};
  const std::string holder = holder_of(claim, std::to_string(ids.uid));
  for (const std::uint32_t name : names_of(users, groups)) TRY_DO(holders.take(name, holder));
  TRY_DO(holders.set_next(pool, slot + count));
  return ids;
}

Status share_ids(const IdClaim& claim, const kernel::IdMapping& ids, const std::string& state_root) {
  TRY(holders, Holders::open(state_root));
  for (const std::uint32_t name : names_of({ids.uid, ids.size}, {ids.gid, ids.size}))
    TRY_DO(holders.join(name, {holder_of(claim, std::to_string(ids.uid))}));
  return {};
}

Status enter_given_ids(const IdClaim& claim, const GivenIds& given, const IdPool& pool, const std::string& state_root) {
  const std::set<std::uint32_t> names = names_in(pool, given.users, given.groups);
  if (names.empty()) return {};
  TRY(holders, Holders::open(state_root));
  if (!holders.next(pool)) TRY_DO(enter_the_living(holders, pool));
  const auto taken = std::find_if(names.begin(), names.end(), [&](std::uint32_t name) { return holders.has(name); });
  if (!given.joined && taken != names.end())
    return fail(Code::policy,
                fmt::format("cannot let the container have the host ids from {} on: another one has them", *taken),
                fmt::format("map other ids than the {} from {} on, which are given out to containers",
                            std::uint64_t{pool.slots} * IdPool::slot, pool.uid));
  for (const std::uint32_t name : names) TRY_DO(holders.join(name, {holder_of(claim, {})}));
  return {};
}

}  // namespace hardened::state
