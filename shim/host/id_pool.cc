#include "host/id_pool.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "util/file.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_file = std::size_t{16} << 20;
constexpr std::string_view owner = "hardened";

std::optional<std::uint32_t> number(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// The fields of each line; none where there is no such file. One that cannot be read is an error: its ids might be
// given to a container.
Result<std::vector<std::vector<std::string>>> lines_of(const std::string& path) {
  std::vector<std::vector<std::string>> lines;
  const auto file = open_at(AT_FDCWD, path, O_RDONLY);
  if (!file && errno == ENOENT) return lines;
  if (!file) return tl::unexpected<Error>(file.error());
  TRY(text, read_all(file->get(), largest_file, path));
  for (const std::string& line : split(text, '\n')) lines.push_back(split(line, ':'));
  return lines;
}

// NAME:PASSWORD:ID:… of passwd(5) and group(5).
Status add_ids(const std::string& path, std::vector<IdInterval>& into) {
  TRY(lines, lines_of(path));
  for (const auto& fields : lines) {
    if (const auto id = fields.size() > 2 ? number(fields[2]) : std::nullopt) into.push_back({*id, 1});
  }
  return {};
}

std::optional<IdInterval> interval_of(const std::vector<std::string>& fields) {
  if (fields.size() != 3) return std::nullopt;
  const auto first = number(fields[1]);
  const auto count = number(fields[2]);
  if (!first || !count) return std::nullopt;
  return IdInterval{*first, *count};
}

// NAME:FIRST:COUNT of subuid(5). Returns the first range of our own. What is wrong with another's line is not ours to
// say: newuidmap(1) gives nobody anything by it.
Result<std::optional<IdInterval>> add_subordinate_ids(const std::string& path, std::vector<IdInterval>& into) {
  TRY(lines, lines_of(path));
  std::optional<IdInterval> own;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string& name = lines[i].front();
    const auto interval = interval_of(lines[i]);
    if (name != owner) {
      if (interval) into.push_back(*interval);
    } else if (!interval) {
      return fail(
          Code::policy,
          fmt::format("{}:{}: cannot use the subordinate ids of \"{}\": not NAME:FIRST:COUNT", path, i + 1, owner),
          fmt::format("mend the line, such as {}:1073741824:268435456", owner));
    } else if (!own) {
      own = interval;
    }
  }
  return own;
}

// The whole slots in `interval`, first id and how many.
IdInterval aligned(const IdInterval& interval) {
  constexpr std::uint64_t last = 0xfffffffe;  // 4294967295 is "no id"
  const std::uint64_t begin = (std::uint64_t{interval.first} + IdPool::slot - 1) / IdPool::slot * IdPool::slot;
  const std::uint64_t end = std::min(std::uint64_t{interval.first} + interval.count, last);
  if (begin >= end) return {};
  return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>((end - begin) / IdPool::slot)};
}

}  // namespace

Result<IdPool> id_pool(const std::string& etc) {
  IdPool pool{default_first_id, default_first_id, default_slots, {}, {}};
  TRY_DO(add_ids(etc + "/passwd", pool.users));
  TRY_DO(add_ids(etc + "/group", pool.groups));
  TRY(users, add_subordinate_ids(etc + "/subuid", pool.users));
  TRY(groups, add_subordinate_ids(etc + "/subgid", pool.groups));
  if (!users && !groups) return pool;
  const IdInterval own_users = aligned(users.value_or(IdInterval{}));
  const IdInterval own_groups = aligned(groups.value_or(IdInterval{}));
  if (own_users.count == 0 || own_groups.count == 0)
    return fail(Code::policy,
                fmt::format("cannot use the subordinate ids of \"{}\": {}/sub{}id gives it no {} ids that begin at a "
                            "multiple of {}",
                            owner, etc, own_users.count == 0 ? "u" : "g", IdPool::slot, IdPool::slot),
                fmt::format("give it the same range in both files, such as {}:1073741824:268435456", owner));
  pool.uid = own_users.first;
  pool.gid = own_groups.first;
  pool.slots = std::min(own_users.count, own_groups.count);
  return pool;
}

}  // namespace hardened::host
