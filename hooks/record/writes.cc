#include "record/writes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>

#include "util/fd.h"
#include "util/text.h"

namespace hardened::record {
namespace {

// What a container leaves costs the host no more than this, in memory, in the log and in time: a tree that a hostile
// one made must not keep it from being deleted.
constexpr std::size_t most_entries = 20000;               // looked at, listed or not
constexpr std::size_t most_bytes = std::size_t{4} << 20;  // of all paths together
constexpr std::chrono::seconds patience{3};
constexpr int deepest = 100;  // a descriptor a level
constexpr const char* engine_files[] = {"/etc/hosts", "/etc/hostname", "/etc/resolv.conf",   "/etc/mtab",  "/dev",
                                        "/proc",      "/sys",          "/run/.containerenv", "/.dockerenv"};
// Overlayfs marks what it copied up from a lower layer (Documentation/filesystems/overlayfs.rst).
constexpr char copied_up[] = "trusted.overlay.origin";

// In the log, where JSON makes six of a byte that is no printable character.
std::size_t written_length(const std::string& path) {
  constexpr std::size_t escaped = 6;
  std::size_t length = 0;
  for (const char byte : path) length += byte >= 0x20 && byte < 0x7f ? 1 : escaped;
  return length;
}

class Walk {
 public:
  explicit Walk(const std::vector<std::string>& mounts) : left_out_(std::begin(engine_files), std::end(engine_files)) {
    for (const std::string& mount : mounts) left_out_.push_back(clean_path(mount));
  }

  Status directory(Fd fd, const std::string& path, int depth) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::fdopendir(fd.get()), ::closedir);
    if (!listing) return fail_errno("cannot list " + in_quotes(path), errno);
    const int here = fd.release();
    while (const dirent* entry = ::readdir(listing.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      const std::string place = path + "/" + name;
      bytes_ += written_length(place);
      if (++entries_ > most_entries || bytes_ > most_bytes || std::chrono::steady_clock::now() > deadline_) {
        lose("more was written than is listed");
        return {};
      }
      TRY_DO(visit(here, name, place, depth));
    }
    return {};
  }

  Writes take() {
    std::sort(writes_.found.begin(), writes_.found.end(),
              [](const Write& a, const Write& b) { return a.path < b.path; });
    return std::move(writes_);
  }

 private:
  Status visit(int parent, const std::string& name, const std::string& path, int depth) {
    const auto covers = [&path](const std::string& place) { return is_within(path, place); };
    if (std::any_of(left_out_.begin(), left_out_.end(), covers)) return {};
    struct stat status {};
    if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return fail_errno("cannot look at " + in_quotes(path), errno);
    if (S_ISDIR(status.st_mode)) return enter(parent, name, path, depth);
    if (S_ISREG(status.st_mode)) {
      // A sparse file is as large as its blocks: its size is whatever the container says.
      const std::uint64_t stored = static_cast<std::uint64_t>(status.st_blocks) * 512;
      writes_.found.push_back({path, "file", std::min(static_cast<std::uint64_t>(status.st_size), stored)});
    } else {
      const bool whiteout = S_ISCHR(status.st_mode) && status.st_rdev == 0;
      writes_.found.push_back({path, whiteout ? "removed" : "other"});
    }
    return {};
  }

  Status enter(int parent, const std::string& name, const std::string& path, int depth) {
    if (depth == deepest) {
      lose("directories were written deeper than are listed");
      return {};
    }
    TRY(fd, open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
    const bool is_new = ::fgetxattr(fd.get(), copied_up, nullptr, 0) < 0 && errno == ENODATA;
    const std::size_t before = writes_.found.size();
    TRY_DO(directory(std::move(fd), path, depth + 1));
    // The runtime makes the directories on the way to its mount points.
    const auto leads = [&path](const std::string& place) { return is_within(place, path); };
    if (std::any_of(left_out_.begin(), left_out_.end(), leads)) return {};
    if (is_new || writes_.found.size() == before) writes_.found.push_back({path, "directory"});
    return {};
  }

  void lose(const std::string& sentence) {
    if (std::find(writes_.lost.begin(), writes_.lost.end(), sentence) == writes_.lost.end())
      writes_.lost.push_back(sentence);
  }

  std::vector<std::string> left_out_;
  std::size_t entries_ = 0;
  std::size_t bytes_ = 0;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + patience;
  Writes writes_;
};

}  // namespace

Result<Writes> list_writes(const std::string& upper, const std::vector<std::string>& mounts) {
  TRY(top, open_at(AT_FDCWD, upper, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  Walk walk(mounts);
  TRY_DO(walk.directory(std::move(top), "", 0));
  return walk.take();
}

}  // namespace hardened::record
