#include "state/mapped_ids.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <utility>

#include "util/file.h"

namespace hardened::state {
namespace {

constexpr std::size_t largest_file = 65536;  // 340 lines of a mapping, at most 33 bytes each

Result<std::string> text_of(const std::string& path) {
  TRY(file, open_at(AT_FDCWD, path, O_RDONLY));
  return read_all(file.get(), largest_file, path);
}

std::optional<pid_t> process_number(std::string_view name) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  return error == std::errc{} && end == name.data() + name.size() ? std::optional(pid) : std::nullopt;
}

// Each line: the first id inside, the first outside, how many. Who has our root's own id is no container of ours: from
// within a user namespace those above it look as if they had all ids, from 0 on.
std::vector<host::IdInterval> outside(const std::string& map) {
  std::vector<host::IdInterval> intervals;
  std::istringstream lines(map);
  std::uint32_t inside = 0;
  host::IdInterval interval;
  while (lines >> inside >> interval.first >> interval.count) {
    if (interval.first != 0) intervals.push_back(interval);
  }
  return intervals;
}

// "NSpid: 4711 17" of proc_pid_status(5): the number in each pid namespace, the innermost one last.
bool is_first(const std::string& status) {
  constexpr std::string_view field = "\nNSpid:";
  const std::size_t begin = status.find(field);
  if (begin == std::string::npos) return false;
  return status.substr(0, status.find('\n', begin + 1)).ends_with("\t1");
}

struct Maps {
  std::string users;
  std::string groups;
  auto operator<=>(const Maps&) const = default;
};

Result<Maps> maps_of(const std::string& directory) {
  TRY(users, text_of(directory + "/uid_map"));
  TRY(groups, text_of(directory + "/gid_map"));
  return Maps{std::move(users), std::move(groups)};
}

// A mapping in a pid namespace (its inode; 0 where that cannot be told).
using Place = std::pair<ino_t, Maps>;

struct Member {
  Process process;
  Place place;
  bool first = false;  // of its pid namespace
};

// Nothing where the process has no mapping of its own.
Result<std::optional<Member>> member_of(pid_t pid, const Maps& own) {
  const std::string directory = "/proc/" + std::to_string(pid);
  TRY(maps, maps_of(directory));
  if (maps == own) return std::nullopt;
  TRY(status, text_of(directory + "/status"));
  TRY(process, process_of(pid));
  struct stat pids {};
  if (::stat((directory + "/ns/pid").c_str(), &pids) != 0) pids.st_ino = 0;
  return Member{process, {pids.st_ino, std::move(maps)}, is_first(status)};
}

Result<std::vector<Member>> members() {
  TRY(own, maps_of("/proc/self"));
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), &::closedir);
  if (!processes) return fail_errno("cannot list /proc", errno);
  std::vector<Member> found;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(processes.get());
    if (entry == nullptr && errno != 0) return fail_errno("cannot list /proc", errno);
    if (entry == nullptr) return found;
    const auto pid = process_number(entry->d_name);
    if (!pid) continue;
    auto member = member_of(*pid, own);
    if (!member && ::kill(*pid, 0) != 0 && errno == ESRCH) continue;  // it ended meanwhile
    if (!member) return tl::unexpected<Error>(std::move(member).error());
    if (*member) found.push_back(std::move(**member));
  }
}

}  // namespace

Result<std::vector<MappedIds>> mapped_ids() {
  TRY(living, members());
  std::set<Place> firsts;
  for (const Member& member : living) {
    if (member.first && member.place.first != 0) firsts.insert(member.place);
  }
  std::vector<MappedIds> found;
  for (const Member& member : living) {
    if (!member.first && firsts.contains(member.place)) continue;
    const Maps& maps = member.place.second;
    found.push_back({member.process, outside(maps.users), outside(maps.groups)});
  }
  return found;
}

}  // namespace hardened::state
