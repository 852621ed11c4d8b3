#include "ctl/follow.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "util/file.h"

namespace hardened::ctl {
namespace {

constexpr std::uint32_t in_directory =
    IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<Follower> Follower::of(const std::string& path) {
  Fd inotify(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!inotify.valid()) return fail_errno("cannot watch for changes of " + path, errno);
  Follower follower(path, std::move(inotify));
  TRY_DO(follower.watch());
  return follower;
}

// Its directory, or the nearest one above that is there: that is where the missing one will be made.
Status Follower::watch() {
  for (std::string directory = parent_of(path_);; directory = parent_of(directory)) {
    if (::inotify_add_watch(inotify_.get(), directory.c_str(), in_directory | IN_ONLYDIR) >= 0) return {};
    if (errno != ENOENT || directory == "/" || directory == ".")
      return fail_errno("cannot watch for changes in " + directory, errno);
  }
}

void Follower::open() {
  auto file = open_at(AT_FDCWD, path_, O_RDONLY | O_NOCTTY);
  file_ = file ? std::move(*file) : Fd();
}

bool Follower::was_replaced() const {
  struct stat ours {
  }, there{};
  if (::stat(path_.c_str(), &there) != 0) return false;  // between a rename and the next record
  return ::fstat(file_.get(), &ours) != 0 || ours.st_dev != there.st_dev || ours.st_ino != there.st_ino;
}

Status Follower::read_on(const std::function<void(const std::string&)>& each) {
  constexpr std::size_t piece = std::size_t{1} << 16;
  struct stat status {};
  if (::fstat(file_.get(), &status) == 0 && status.st_size < ::lseek(file_.get(), 0, SEEK_CUR)) {
    ::lseek(file_.get(), 0, SEEK_SET);
    line_.clear();
  }
  for (;;) {
    TRY(more, read_some(file_.get(), piece, path_));
    if (more.empty()) return {};
    line_ += more;
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = line_.find('\n', begin)) != std::string::npos; begin = end + 1)
      each(line_.substr(begin, end - begin));
    line_.erase(0, begin);
  }
}

Status Follower::read(const std::function<void(const std::string&)>& each) {
  TRY_DO(watch());
  for (;;) {
    if (!file_.valid()) open();
    if (!file_.valid()) return {};
    TRY_DO(read_on(each));
    if (!was_replaced()) return {};
    TRY_DO(read_on(each));  // what came between the end that was read and the rename
    file_ = Fd();
    line_.clear();
  }
}

Status Follower::wait(int milliseconds) {
  pollfd ready{inotify_.get(), POLLIN, 0};
  if (::poll(&ready, 1, milliseconds) < 0 && errno != EINTR) return fail_errno("cannot wait for " + path_, errno);
  char events[4096];
  while (::read(inotify_.get(), events, sizeof events) > 0) continue;
  return {};
}

}  // namespace hardened::ctl
