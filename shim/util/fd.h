// An owned file descriptor. Everything is opened O_CLOEXEC: a descriptor leaked into a container is CVE-2024-21626.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "util/result.h"

namespace hardened {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// openat(2) with O_CLOEXEC added, restarted on EINTR. `directory` may be AT_FDCWD; errors: Code::io naming the path.
[[nodiscard]] Result<Fd> open_at(int directory, const std::string& path, int flags, mode_t mode = 0);

}  // namespace hardened
