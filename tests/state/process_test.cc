#include "state/process.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <thread>

#include "catch.h"
#include "processes.h"
#include "temporary.h"

using namespace hardened;
using state::may_be_alive;
using state::Process;

TEST_CASE("process: we are alive, and another start time or number is another process") {
  const auto self = state::this_process();
  REQUIRE(self);
  CHECK(self->pid == ::getpid());
  CHECK(self->start_time > 0);
  CHECK(may_be_alive(*self));
  CHECK_FALSE(may_be_alive({self->pid, self->start_time - 1}));
  CHECK_FALSE(may_be_alive({0, self->start_time}));
  CHECK_FALSE(may_be_alive({-1, self->start_time}));
}

TEST_CASE("process: a name with brackets and spaces does not shift the fields") {
  char name[16] = {};
  REQUIRE(::prctl(PR_GET_NAME, name) == 0);
  const auto before = state::this_process();
  REQUIRE(::prctl(PR_SET_NAME, "a) S 1 (b) 2 ) ") == 0);
  const auto after = state::this_process();
  ::prctl(PR_SET_NAME, name);
  REQUIRE(before);
  REQUIRE(after);
  CHECK(*before == *after);
}

TEST_CASE("process: one whose first thread has ended, and others go on, is alive") {
  const pid_t child = testing::start([] {
    std::thread([] { ::pause(); }).detach();
    ::syscall(SYS_exit, 0);
    return false;
  });
  const auto half = state::process_of(child);
  REQUIRE(half);
  // A zombie to proc_pid_stat(5), and none to wait(2).
  const std::string stat = "/proc/" + std::to_string(child) + "/stat";
  while (testing::read_text(stat).find(") Z ") == std::string::npos) ::sched_yield();
  CHECK_FALSE(testing::ended(child));
  CHECK(may_be_alive(*half));
  testing::kill_and_reap(child);
  CHECK_FALSE(may_be_alive(*half));
}

TEST_CASE("process: a zombie is dead, and so is one that was reaped") {
  int ends[2] = {-1, -1};
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = testing::start([&] {
    const auto self = state::this_process();
    return self && ::write(ends[1], &*self, sizeof *self) == static_cast<ssize_t>(sizeof *self);
  });
  Process ended;
  REQUIRE(::read(ends[0], &ended, sizeof ended) == static_cast<ssize_t>(sizeof ended));
  CHECK(ended.pid == child);
  siginfo_t info{};
  REQUIRE(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT) == 0);
  CHECK_FALSE(may_be_alive(ended));
  CHECK(testing::succeeded(child));
  CHECK_FALSE(may_be_alive(ended));
  ::close(ends[0]);
  ::close(ends[1]);
}
