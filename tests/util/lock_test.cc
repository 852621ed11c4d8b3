#include "util/lock.h"

#include <fcntl.h>
#include <sys/wait.h>

#include "catch.h"
#include "processes.h"
#include "temporary.h"
#include "util/fd.h"

using namespace hardened;
using namespace std::chrono_literals;

namespace {

Fd open_lock(const std::string& path) {
  return Fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

bool can_lock(const std::string& path, Lock lock) {
  const Fd fd = open_lock(path);
  return lock_within(fd.get(), lock, 0ms, "lock").has_value();
}

}  // namespace

TEST_CASE("lock: exclusive keeps everyone out, shared keeps writers out, closing frees it") {
  testing::TemporaryDirectory temporary;
  const std::string path = temporary.path("lock");
  {
    const Fd held = open_lock(path);
    REQUIRE(lock_within(held.get(), Lock::exclusive, 0ms, "lock"));
    CHECK_FALSE(can_lock(path, Lock::exclusive));
    CHECK_FALSE(can_lock(path, Lock::shared));
  }
  const Fd reader = open_lock(path);
  REQUIRE(lock_within(reader.get(), Lock::shared, 0ms, "lock"));
  CHECK(can_lock(path, Lock::shared));
  CHECK_FALSE(can_lock(path, Lock::exclusive));
}

TEST_CASE("lock: a stopped holder is given up on, a killed one frees the lock") {
  testing::TemporaryDirectory temporary;
  const std::string path = temporary.path("lock");
  const pid_t holder = testing::start([&] {
    const Fd held = open_lock(path);
    if (!lock_within(held.get(), Lock::exclusive, 0ms, "lock")) return false;
    ::raise(SIGSTOP);
    return true;
  });
  int status = 0;
  REQUIRE(::waitpid(holder, &status, WUNTRACED) == holder);
  REQUIRE(WIFSTOPPED(status));
  const Fd fd = open_lock(path);
  const auto locked = lock_within(fd.get(), Lock::exclusive, 20ms, "/var/lock");
  REQUIRE_FALSE(locked);
  CHECK(locked.error().message == "cannot lock /var/lock: held by another process for too long");
  CHECK(locked.error().hint == "find the holder with fuser /var/lock");
  testing::kill_and_reap(holder);
  CHECK(lock_within(fd.get(), Lock::exclusive, 0ms, "lock"));
}

TEST_CASE("lock: waits for a holder that is on its way out") {
  testing::TemporaryDirectory temporary;
  const std::string path = temporary.path("lock");
  Fd held = open_lock(path);
  REQUIRE(lock_within(held.get(), Lock::exclusive, 0ms, "lock"));
  const pid_t waiter = testing::start([&] {
    held = Fd();  // the inherited copy would hold the lock as well
    const Fd fd = open_lock(path);
    return lock_within(fd.get(), Lock::exclusive, 30s, "lock").has_value();
  });
  held = Fd();
  CHECK(testing::succeeded(waiter));
}

TEST_CASE("lock: what cannot be locked is an error, not a wait") {
  const auto locked = lock_within(-1, Lock::exclusive, 1h, "nothing");
  REQUIRE_FALSE(locked);
  CHECK(locked.error().message == "cannot lock nothing (EBADF)");
}
