#include "host/inspector.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <limits>
#include <string_view>

#include "host/walk.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr mode_t writable_by_others = S_IWGRP | S_IWOTH;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

// The path of an open descriptor as the kernel knows it; empty when it has none.
std::string Inspector::path_of(int fd, bool unlinked) {
  char buffer[PATH_MAX];
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t length = ::readlink(link.c_str(), buffer, sizeof buffer);
  if (length < 0) doubts_.note(link, errno);
  if (length <= 0 || length == ssize_t{sizeof buffer} || buffer[0] != '/') return {};
  std::string_view path(buffer, static_cast<std::size_t>(length));
  constexpr std::string_view mark = " (deleted)";
  if (unlinked && path.size() > mark.size() && path.substr(path.size() - mark.size()) == mark)
    path.remove_suffix(mark.size());
  return std::string(path);
}

std::uint64_t Inspector::capacity_of(const Opened& opened) {
  constexpr std::uint64_t boundless = std::numeric_limits<std::uint64_t>::max();
  if (opened.fact.file_system == "ramfs") return boundless;
  struct statfs status {};
  if (opened.fact.file_system != "tmpfs") return 0;
  if (::fstatfs(opened.fd.get(), &status) != 0) doubts_.note(opened.fact.resolved, errno);
  if (status.f_blocks == 0) return boundless;  // size=0: no limit
  return static_cast<std::uint64_t>(status.f_blocks) * static_cast<std::uint64_t>(status.f_bsize);
}

bool Inspector::has_status(const std::string& path, struct stat& status) {
  if (::lstat(path.c_str(), &status) == 0) return true;
  doubts_.note(path, errno);
  return false;
}

Opened Inspector::open(int directory, const std::string& path) {
  Opened opened;
  auto fd = open_at(directory, path, O_PATH);
  struct statx status {};
  if (!fd || ::statx(fd->get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) != 0) {
    doubts_.note(in_quotes(path), errno);
    return opened;
  }
  PathFact& fact = opened.fact;
  fact.exists = true;
  fact.identity = {::makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
  fact.mode = status.stx_mode;
  fact.node = ::makedev(status.stx_rdev_major, status.stx_rdev_minor);
  fact.owner = status.stx_uid;
  fact.resolved = path_of(fd->get(), status.stx_nlink == 0);
  fact.root_controlled = root_controlled(fact);
  opened.fd = std::move(*fd);
  return opened;
}

Status Inspector::locate(Opened& opened) {
  if (opened.fact.resolved.empty()) return {};
  if (!table_) {
    TRY(table, MountTable::read());
    table_ = std::move(table);
  }
  TRY(id, table_->id_of(opened.fd.get()));
  TRY(mount, table_->find(id));
  opened.mount = id;
  if (mount != nullptr) {
    opened.fact.location = MountTable::locate(*mount, opened.fact.resolved);
    opened.fact.file_system = mount->type;
  }
  opened.fact.capacity = capacity_of(opened);
  return {};
}

Result<std::string> Inspector::mount_options(const Opened& opened) const {
  if (!table_) return std::string();
  TRY(mount, table_->find(opened.mount));
  if (mount == nullptr || mount->target != opened.fact.resolved) return std::string();
  return table_->options(opened.mount);
}

Status Inspector::find_mounts_below(Opened& opened) const {
  if (!table_ || !S_ISDIR(opened.fact.mode) || opened.fact.location.path.empty()) return {};
  TRY(mounts, table_->below(opened.mount, opened.fact.resolved));
  opened.fact.mounted_below = std::move(mounts);
  return {};
}

bool Inspector::by_foreign_link(const std::string& path, const std::vector<std::string>& graph_roots) {
  if (!path.starts_with('/')) return false;
  const auto root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  if (!root) return true;
  bool foreign = false;
  const auto end = walk(root->get(), path, [&](const std::string& directory, int link) {
    struct stat status {};
    const auto holds = [&directory](const std::string& graph_root) { return is_within(directory, graph_root); };
    foreign = foreign || ::fstat(link, &status) != 0 || status.st_uid != 0 || !root_controlled_directory(directory) ||
              std::any_of(graph_roots.begin(), graph_roots.end(), holds);
  });
  return foreign || !end;
}

bool Inspector::root_controlled(const PathFact& fact) {
  if (fact.resolved.empty() || fact.owner != 0 || (fact.mode & writable_by_others) != 0) return false;
  if (fact.resolved != "/" && !root_controlled_directory(parent_of(fact.resolved))) return false;
  // A descriptor reached through /proc/PID/root or /proc/PID/exe may show a path that names something else here.
  struct stat status {};
  return has_status(fact.resolved, status) && Identity{status.st_dev, status.st_ino} == fact.identity;
}

bool Inspector::root_controlled_directory(const std::string& directory) {
  if (directory.empty() || directory.front() != '/') return false;
  if (const auto known = controlled_.find(directory); known != controlled_.end()) return known->second;
  struct stat status {};
  const bool safe = (directory == "/" || root_controlled_directory(parent_of(directory))) &&
                    has_status(directory, status) && S_ISDIR(status.st_mode) && status.st_uid == 0 &&
                    (status.st_mode & writable_by_others) == 0;
  controlled_[directory] = safe;
  return safe;
}

}  // namespace hardened::host
