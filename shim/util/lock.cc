#include "util/lock.h"

#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace hardened {

Status lock_within(int fd, Lock lock, std::chrono::milliseconds patience, const std::string& name) {
  using namespace std::chrono_literals;
  const int operation = (lock == Lock::shared ? LOCK_SH : LOCK_EX) | LOCK_NB;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::chrono::microseconds pause = 50us;
  while (::flock(fd, operation) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return fail_errno("cannot lock " + name, errno);
    if (std::chrono::steady_clock::now() >= deadline)
      return fail(Code::io, "cannot lock " + name + ": held by another process for too long",
                  "find the holder with fuser " + name);
    std::this_thread::sleep_for(pause);
    pause = std::min<std::chrono::microseconds>(pause * 2, 2ms);
  }
  return {};
}

}  // namespace hardened
