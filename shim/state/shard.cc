#include "state/shard.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "state/key.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

namespace hardened::state {
namespace {

// Only the holder of the lock makes these, so whoever holds it may remove them: their maker is dead.
constexpr char fresh[] = ".new";
constexpr char doomed[] = ".old";
constexpr char ids_link[] = "ids";
// The root of a container with a user namespace is nobody here, and has to pass to its root file system. There is
// nothing to read for it: files are 0600, and directories cannot be listed.
constexpr mode_t passable = 0711;

// A name that is too long for any file is one that no runtime could make: kept, its ids would be lost for good.
bool says_nothing_is_there(int error) {
  return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG;
}

// A separate description of the directory: fdopendir() owns and closes what it is given.
std::vector<std::string> names_in(int directory) {
  std::vector<std::string> names;
  auto fd = open_at(directory, ".", O_RDONLY | O_DIRECTORY);
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd->get()), ::closedir);
  if (!listing) return names;
  static_cast<void>(fd->release());
  while (const dirent* entry = ::readdir(listing.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

// Removes a directory of files and empty directories (a grant's "root"), or a file; never follows a link.
Status erase(int parent, const std::string& name) {
  if (const auto directory = open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) {
    for (const std::string& file : names_in(directory->get())) {
      if (::unlinkat(directory->get(), file.c_str(), 0) != 0) ::unlinkat(directory->get(), file.c_str(), AT_REMOVEDIR);
    }
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0) return {};
  } else if (::unlinkat(parent, name.c_str(), 0) == 0) {
    return {};
  }
  if (errno == ENOENT) return {};
  return fail_errno("cannot remove " + name, errno);
}

Status link(int directory, const char* name, const std::string& target) {
  if (::symlinkat(target.c_str(), directory, name) == 0) return {};
  return fail_errno("cannot make the link " + std::string(name), errno);
}

// One made by an earlier version, or under another umask, as well.
Result<Fd> let_pass(Fd directory, const std::string& name) {
  struct stat status {};
  if (::fstat(directory.get(), &status) != 0 ||
      ((status.st_mode & passable) != passable && ::fchmod(directory.get(), passable) != 0))
    return fail_errno("cannot open the way through " + name, errno);
  return directory;
}

Result<Fd> make_passable(int parent, const std::string& name) {
  TRY(directory, make_trusted_directory(parent, name, passable));
  return let_pass(std::move(directory), name);
}

}  // namespace

Result<std::string> link_target(int directory, const std::string& name) {
  char target[PATH_MAX];
  const ssize_t size = ::readlinkat(directory, name.c_str(), target, sizeof target);
  if (size >= 0) return std::string(target, static_cast<std::size_t>(size));
  if (errno == ENOENT || errno == ENOTDIR || errno == EINVAL) return std::string();
  return fail_errno("cannot read the link " + name, errno);
}

Result<Fd> open_state(const std::string& state_root) {
  TRY_DO(make_directories(state_root, passable));
  TRY(state, open_trusted_directory(AT_FDCWD, state_root));
  return let_pass(std::move(state), state_root);
}

std::string key_of(const std::string& runtime_root, const std::string& id) {
  const std::string path = grant_directory("", runtime_root, id);
  return path.substr(path.rfind('/') + 1);
}

bool holds_ids(const std::string& state_root, const std::string& key, const std::string& first,
               const std::string& container) {
  const auto is_there = [](const std::string& path) {
    struct stat status {};
    return ::lstat(path.c_str(), &status) == 0 || !says_nothing_is_there(errno);
  };
  const std::string shard = state_root + "/grants/" + key.substr(0, 2);
  if (!is_there(shard + "/" + key)) return is_there(container);
  auto directory = open_trusted_directory(AT_FDCWD, shard);
  if (!directory) return true;
  const auto ids = link_target(directory->get(), key + "/" + ids_link);
  return !ids || (*ids == first && Shard(std::move(*directory)).is_needed(key));
}

Result<Shard> Shard::open(const std::string& state_root, const std::string& key, std::chrono::milliseconds patience) {
  TRY(state, open_state(state_root));
  TRY(grants, make_passable(state.get(), "grants"));
  const std::string name = key.substr(0, 2);
  TRY(directory, make_passable(grants.get(), name));
  TRY_DO(lock_within(directory.get(), Lock::exclusive, patience, state_root + "/grants/" + name));
  return Shard(std::move(directory));
}

bool Shard::exists(const std::string& key) const {
  struct stat status {};
  return ::fstatat(directory_.get(), key.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0;
}

bool Shard::container_exists(const std::string& key) const {
  struct stat status {};
  const std::string link = key + "/container";
  return ::fstatat(directory_.get(), link.c_str(), &status, 0) == 0 || !says_nothing_is_there(errno);
}

Result<std::optional<Process>> Shard::creator_of(const std::string& key) const {
  TRY(creator, link_target(directory_.get(), key + "/creator"));
  return parse_process(creator);
}

bool Shard::is_needed(const std::string& key) const {
  if (container_exists(key)) return true;
  const auto creator = creator_of(key);
  return !creator || (*creator && may_be_alive(**creator));
}

void Shard::sweep() const {
  for (const std::string& name : names_in(directory_.get())) {
    const bool leftover = name.front() == '.';
    if (leftover) {
      static_cast<void>(erase(directory_.get(), name));
    } else if (!is_needed(name)) {
      static_cast<void>(discard(name));
    }
  }
}

Status Shard::write(const Grant& grant) const {
  TRY_DO(erase(directory_.get(), fresh));
  TRY(directory, make_passable(directory_.get(), fresh));
  TRY(file, open_at(directory.get(), grant_file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  TRY_DO(write_all(file.get(), encode(grant), grant_file));
  TRY_DO(link(directory.get(), runtime_link, grant.stand_in.empty() ? grant.runtime : grant.stand_in));
  if (!grant.stand_in.empty()) TRY_DO(link(directory.get(), behind_link, grant.runtime));
  TRY_DO(link(directory.get(), "container", grant.runtime_root + "/" + grant.id));
  if (grant.ids.size != 0) TRY_DO(link(directory.get(), ids_link, std::to_string(grant.ids.uid)));
  return link(directory.get(), "creator", format_process(grant.creator));
}

Status Shard::put(const std::string& key, const Grant& grant) const {
  if (exists(key)) {
    const auto creator = creator_of(key);
    const bool is_ours = creator && *creator == grant.creator;
    if (!is_ours && is_needed(key))
      return fail(Code::usage, "cannot create container " + grant.id + ": one of that id exists", "delete it first");
    TRY_DO(discard(key));
  }
  Status written = write(grant);
  if (written && ::renameat(directory_.get(), fresh, directory_.get(), key.c_str()) != 0)
    written = fail_errno("cannot keep " + key, errno);
  if (!written) static_cast<void>(erase(directory_.get(), fresh));
  return written;
}

// Beside the grants, not in this one's directory: what a killed writer leaves here the next one and sweep() remove.
Status Shard::rewrite(const std::string& key, const Grant& grant) const {
  TRY_DO(erase(directory_.get(), fresh));
  TRY(file, open_at(directory_.get(), fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  Status written = write_all(file.get(), encode(grant), grant_file);
  const std::string place = key + "/" + grant_file;
  if (written && ::renameat(directory_.get(), fresh, directory_.get(), place.c_str()) != 0)
    written = fail_errno("cannot replace " + place, errno);
  if (!written) static_cast<void>(erase(directory_.get(), fresh));
  return written;
}

Status Shard::discard(const std::string& key) const {
  TRY_DO(erase(directory_.get(), doomed));
  if (::renameat(directory_.get(), key.c_str(), directory_.get(), doomed) != 0) {
    if (errno == ENOENT) return {};
    return fail_errno("cannot remove " + key, errno);
  }
  return erase(directory_.get(), doomed);
}

}  // namespace hardened::state
