#include "util/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace hardened {

Result<std::string> read_all(int fd, std::size_t limit, const std::string& name) {
  std::string text;
  struct stat status {};
  if (::fstat(fd, &status) == 0 && status.st_size > 0) {
    if (static_cast<std::size_t>(status.st_size) > limit)
      return fail(Code::io, "cannot read " + name + ": larger than " + std::to_string(limit) + " bytes");
    text.reserve(static_cast<std::size_t>(status.st_size) + 1);
  }
  char buffer[65536];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count == 0) return text;
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail_errno("cannot read " + name, errno);
    }
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > limit)
      return fail(Code::io, "cannot read " + name + ": larger than " + std::to_string(limit) + " bytes");
  }
}

Result<std::string> read_some(int fd, std::size_t count, const std::string& name) {
  std::string text(count, '\0');
  ssize_t got = 0;
  do {
    got = ::read(fd, text.data(), count);
  } while (got < 0 && errno == EINTR);
  if (got < 0) return fail_errno("cannot read " + name, errno);
  text.resize(static_cast<std::size_t>(got));
  return text;
}

Status write_all(int fd, std::string_view text, const std::string& name) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail_errno("cannot write " + name, errno);
    }
    text.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

namespace {

Status check_trust(int fd, const std::string& path, mode_t type, const char* what) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return fail_errno("cannot stat " + path, errno);
  if ((status.st_mode & S_IFMT) != type) return fail(Code::policy, "cannot trust " + path + ": not a " + what);
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fail(Code::policy,
                "cannot trust " + path + ": owned by uid " + std::to_string(status.st_uid) + ", not by root",
                "chown root " + path);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(Code::policy, "cannot trust " + path + ": writable by group or others", "chmod go-w " + path);
  return {};
}

}  // namespace

Result<Fd> open_trusted_file(int directory, const std::string& path, int flags, mode_t mode) {
  // O_NONBLOCK: a FIFO planted in the place of a file must not hang every container start.
  TRY(fd, open_at(directory, path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, mode));
  TRY_DO(check_trust(fd.get(), path, S_IFREG, "regular file"));
  return fd;
}

Result<std::string> read_trusted_file(int directory, const std::string& path, std::size_t limit) {
  TRY(fd, open_trusted_file(directory, path, O_RDONLY));
  return read_all(fd.get(), limit, path);
}

Result<Fd> open_trusted_directory(int directory, const std::string& path) {
  TRY(fd, open_at(directory, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  TRY_DO(check_trust(fd.get(), path, S_IFDIR, "directory"));
  return fd;
}

Result<Fd> make_trusted_directory(int directory, const std::string& path, mode_t mode) {
  if (::mkdirat(directory, path.c_str(), mode) != 0 && errno != EEXIST)
    return fail_errno("cannot make directory " + path, errno);
  return open_trusted_directory(directory, path);
}

Status make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0 || errno == EEXIST) return {};  // as almost always
  const std::size_t size = path.find_last_not_of('/') + 1;  // "/run/x/" is the directory x, not a child of it
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const bool last = end >= size;
    const std::string prefix = path.substr(0, last ? std::max<std::size_t>(size, 1) : end);
    // Parents such as /run or /var/log exist everywhere; where one does not, others may pass through it.
    if (::mkdir(prefix.c_str(), last ? mode : mode_t{0755}) != 0 && errno != EEXIST)
      return fail_errno("cannot make directory " + prefix, errno);
    if (last) return {};
  }
}

AtomicFile::AtomicFile(int directory, std::string name, std::string temporary, Fd fd)
    : directory_(directory), name_(std::move(name)), temporary_(std::move(temporary)), fd_(std::move(fd)) {}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : directory_(other.directory_),
      name_(std::move(other.name_)),
      temporary_(std::exchange(other.temporary_, {})),
      fd_(std::move(other.fd_)) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlinkat(directory_, temporary_.c_str(), 0);
}

Result<AtomicFile> AtomicFile::beside(int directory, std::string name) {
  // The pid makes the name unique among the living; a leftover of a dead process with our pid is removed first.
  std::string temporary = "." + name.substr(0, 128) + ".hardened." + std::to_string(::getpid());
  ::unlinkat(directory, temporary.c_str(), 0);
  TRY(fd, open_at(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  return AtomicFile(directory, std::move(name), std::move(temporary), std::move(fd));
}

Status AtomicFile::write(std::string_view text) {
  return write_all(fd_.get(), text, name_);
}

Status AtomicFile::adopt(uid_t owner, gid_t group, mode_t mode) {
  if (::fchown(fd_.get(), owner, group) != 0) return fail_errno("cannot give " + name_ + " its owner", errno);
  if (::fchmod(fd_.get(), mode & 07777U) != 0) return fail_errno("cannot give " + name_ + " its mode", errno);
  return {};
}

Status AtomicFile::sync() {
  if (::fsync(fd_.get()) != 0) return fail_errno("cannot write " + name_ + " to the disk", errno);
  return {};
}

Status AtomicFile::commit() {
  if (::renameat(directory_, temporary_.c_str(), directory_, name_.c_str()) != 0)
    return fail_errno("cannot replace " + name_, errno);
  temporary_.clear();
  return {};
}

}  // namespace hardened
