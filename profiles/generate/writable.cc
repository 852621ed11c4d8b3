#include "generate/writable.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "util/text.h"

namespace hardened::generate {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t least_tmpfs = 16 * mebibyte;

// The runtime's own: never the image's.
constexpr std::string_view not_of_the_image[] = {"/dev", "/proc", "/sys"};

// With all that is below them: programs, libraries and configuration of the image.
constexpr std::string_view programs[] = {"/etc",   "/usr",   "/bin",    "/sbin", "/lib",
                                         "/lib32", "/lib64", "/libx32", "/boot"};
// A component of a path that says the same, wherever it is (/opt/app/bin).
constexpr std::string_view program_names[] = {"bin", "sbin", "lib", "lib64", "node_modules", "site-packages"};
// A tmpfs in every container, which begins empty.
constexpr std::string_view run = "/run";
// Themselves only: they hold the directories of others.
constexpr std::string_view parents[] = {"/",    "/app", "/home", "/media",   "/mnt",
                                        "/opt", "/srv", "/var",  "/var/www", "/var/www/html"};
// Of these a part may be writable, but what images keep beside it stays visible: directories below are not merged.
constexpr std::string_view shared[] = {"/root", "/var/cache", "/var/lib", "/var/local", "/var/log", "/var/spool"};

template <typename Range>
bool holds(const Range& range, std::string_view text) {
  return std::find(std::begin(range), std::end(range), text) != std::end(range);
}

template <typename Range>
bool lies_within(const Range& parents_, std::string_view path) {
  return std::any_of(std::begin(parents_), std::end(parents_),
                     [path](std::string_view parent) { return is_within(path, parent); });
}

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool names_programs(std::string_view directory) {
  for (const std::string_view place : shared) {
    if (is_within(directory, place)) directory.remove_prefix(place.size());  // /var/lib is none of programs
  }
  const auto parts = split(directory, '/');
  return std::any_of(parts.begin(), parts.end(), [](const std::string& part) { return holds(program_names, part); });
}

// Why no tmpfs may lie at `directory`; empty when it may.
std::string objection(const std::string& directory) {
  if (lies_within(programs, directory)) return "it is among the image's programs and configuration";
  if (names_programs(directory)) return "its directory looks like one of programs";
  if (holds(parents, directory) || parent_of(directory) == "/opt" || parent_of(directory) == "/srv")
    return "its directory holds what others need to see";
  return {};
}

using Writes = std::map<std::string, WrittenPath>;

// Is `path`, a directory, on the list only because something below it is?
bool is_only_parent(const std::string& path, const Writes& writes) {
  const std::string prefix = path == "/" ? path : path + "/";
  const auto next = writes.upper_bound(prefix);
  return next != writes.end() && next->first.starts_with(prefix);
}

std::string directory_of(const std::string& path, const WrittenPath& written) {
  return written.kinds.contains(WriteKind::directory) ? path : parent_of(path);
}

bool is_clean(const std::string& path) {
  return path == clean_path(path) && path.find('\0') == std::string::npos;
}

using Directories = std::map<std::string, WritableDirectory>;

void move_into(Directories& directories, Directories::iterator from, const std::string& path) {
  const WritableDirectory moved = from->second;
  directories.erase(from);
  WritableDirectory& to = directories[path];
  add_up(to.bytes, moved.bytes);
  to.files += moved.files;
}

// The one of `directories` above `path` that it may be merged into; empty for none.
std::string covering(const Directories& directories, const std::string& path) {
  for (std::string above = parent_of(path); above != "/"; above = parent_of(above)) {
    if (directories.contains(above)) return holds(shared, above) ? std::string() : above;
  }
  return {};
}

void merge_nested(Directories& directories) {
  for (auto at = directories.begin(); at != directories.end();) {
    const auto next = std::next(at);
    if (const std::string above = covering(directories, at->first); !above.empty()) move_into(directories, at, above);
    at = next;
  }
}

// Several directories of one parent become that parent where it is an application's own: below a shared one.
std::string common_parent(const Directories& directories) {
  constexpr std::size_t several = 3;
  std::map<std::string, std::size_t> children;
  for (const auto& [path, directory] : directories) ++children[parent_of(path)];
  for (const auto& [parent, count] : children) {
    if (count >= several && lies_within(shared, parent) && !holds(shared, parent) && objection(parent).empty())
      return parent;
  }
  return {};
}

void merge_children(Directories& directories) {
  for (std::string parent = common_parent(directories); !parent.empty(); parent = common_parent(directories)) {
    directories[parent];
    merge_nested(directories);
  }
}

// Puts one written path where it belongs: nowhere, among the directories, or among what a tmpfs cannot help.
void place(const std::string& path, const WrittenPath& written, Directories& directories, WritablePlan& plan) {
  const std::string directory = directory_of(path, written);
  const std::string why = is_clean(path) ? objection(directory) : "it is no clean path";
  if (!why.empty()) {
    plan.unhelped[path] = why;
    return;
  }
  WritableDirectory& into = directories[directory];
  add_up(into.bytes, written.bytes);
  ++into.files;
}

// A directory that was made, and not empty in the end, is listed with what is in it; one of the image's is not listed.
bool was_made(const std::string& directory, const Writes& writes) {
  const auto listed = writes.find(directory);
  return listed != writes.end() && listed->second.kinds.contains(WriteKind::directory) &&
         is_only_parent(directory, writes);
}

// The directory below /run that `path` needs to be there when the program starts (/run/mysqld): the runtime's tmpfs
// hides the one of the image. Empty for none: it lies in /run itself, or the program makes it. One that is empty in the
// end may be the image's or not; to find its directory there is what fewer programs stumble over.
std::string hidden_in_run(const std::string& path, const WrittenPath& written, const Writes& writes) {
  if (!is_clean(path) || !is_within(path, run)) return {};
  const std::string directory = directory_of(path, written);
  for (std::string above = directory; is_within(above, run) && above != run; above = parent_of(above)) {
    if (was_made(above, writes)) return {};
  }
  return directory == run ? std::string() : directory;
}

}  // namespace

std::uint64_t with_headroom(std::uint64_t bytes, std::uint64_t least) {
  constexpr std::uint64_t most = std::uint64_t{1} << 62;
  const std::uint64_t wanted = std::clamp(bytes > most / 2 ? most : bytes * 2, least, most);
  return (wanted + mebibyte - 1) / mebibyte * mebibyte;
}

WritablePlan plan_writable(const Writes& writes, const std::vector<std::string>& already) {
  WritablePlan plan;
  Directories directories;
  for (const auto& [path, written] : writes) {
    const bool is_writable = is_clean(path) && (lies_within(already, path) || lies_within(not_of_the_image, path));
    const bool is_parent = written.kinds.contains(WriteKind::directory) && is_only_parent(path, writes);
    if (!is_writable && !is_parent) place(path, written, directories, plan);
    if (const std::string hidden = hidden_in_run(path, written, writes); !hidden.empty()) {
      add_up(directories[hidden].bytes, written.bytes);
      ++directories[hidden].files;
    }
  }
  merge_nested(directories);
  merge_children(directories);
  for (auto& [path, directory] : directories) {
    directory.path = path;
    directory.size = with_headroom(directory.bytes, least_tmpfs);
    plan.directories.push_back(directory);
  }
  return plan;
}

}  // namespace hardened::generate
