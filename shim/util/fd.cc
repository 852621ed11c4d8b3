#include "util/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace hardened {

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<Fd> open_at(int directory, const std::string& path, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::openat(directory, path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return fail_errno("cannot open " + path, errno);
  return Fd(fd);
}

}  // namespace hardened
