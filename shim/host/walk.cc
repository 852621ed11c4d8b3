#include "host/walk.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <vector>

#include "util/fd.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr int most_links = 40;  // as the kernel: path_resolution(7)

Fd open_beneath(int root, const std::string& path, std::uint64_t flags) {
  struct open_how how {};
  how.flags = O_PATH | O_CLOEXEC | flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return Fd(static_cast<int>(::syscall(SYS_openat2, root, path.c_str(), &how, sizeof how)));
}

tl::unexpected<Error> cannot_follow(const std::string& path, int error) {
  auto failure = fail_errno("cannot follow " + in_quotes(path), error);
  // What the path itself is to blame for.
  if (error == ELOOP || error == EXDEV || error == ENAMETOOLONG) failure.value().code = Code::policy;
  return failure;
}

Result<bool> is_link(const Fd& fd, const std::string& path) {
  struct stat status {};
  if (fd.valid() && ::fstat(fd.get(), &status) != 0) return cannot_follow(path, errno);
  return fd.valid() && S_ISLNK(status.st_mode);
}

Result<std::string> target_of(const Fd& link, const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t length = ::readlinkat(link.get(), "", target.data(), target.size());
  if (length < 0) return cannot_follow(path, errno);
  return std::string(target.data(), static_cast<std::size_t>(length));
}

std::string parent_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

// In reverse, so that the next component is the last.
std::vector<std::string> reversed(const std::string& path) {
  std::vector<std::string> parts = split(path, '/');
  return {parts.rbegin(), parts.rend()};
}

}  // namespace

Result<std::string> walk(int root, const std::string& path, const OnLink& on_link) {
  // Most have no link, and the kernel tells of a whole path at once. One with a ".." is not clean.
  if (path.size() > 1 && clean_path(path) == path && open_beneath(root, path.substr(1), 0).valid()) return path;
  std::vector<std::string> left = reversed(path);
  std::string at;  // "" is the root
  bool exists = true;
  int links = 0;
  while (!left.empty()) {
    const std::string part = std::move(left.back());
    left.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      if (!at.empty()) at = parent_of(at);
      exists = true;
      continue;
    }
    const std::string next = at + "/" + part;
    const Fd found = exists ? open_beneath(root, next.substr(1), O_NOFOLLOW) : Fd();
    if (exists && !found.valid() && errno != ENOENT && errno != ENOTDIR) return cannot_follow(path, errno);
    exists = found.valid();
    TRY(link, is_link(found, path));
    if (!link) {
      at = next;
      continue;
    }
    if (++links > most_links)
      return fail(Code::policy, "cannot follow " + in_quotes(path) + ": too many symbolic links");
    if (on_link) on_link(at.empty() ? "/" : at, found.get());
    TRY(target, target_of(found, path));
    if (target.empty()) return fail(Code::policy, "cannot follow " + in_quotes(path) + ": a link without a target");
    if (target.front() == '/') at.clear();
    for (std::string& step : reversed(target)) left.push_back(std::move(step));
  }
  return at.empty() ? "/" : at;
}

Result<bool> crosses_link(int root, const std::string& path) {
  if (open_beneath(root, path, 0).valid()) return false;
  if (errno == ELOOP) return true;
  if (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) return false;
  return cannot_follow(path, errno);
}

}  // namespace hardened::host
