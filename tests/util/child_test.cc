#include "util/child.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catch.h"
#include "temporary.h"
#include "util/fd.h"

using namespace hardened;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

constexpr ChildLimits ample{seconds(20), 4096};

ChildEnd shell(const std::string& script, int input = -1, const ChildLimits& limits = ample) {
  return run_child("/bin/sh", {"-c", script}, input, limits).value();
}

}  // namespace

TEST_CASE("child: what it says on its standard output, and how it ended") {
  const ChildEnd end = shell("echo said; echo unheard >&2; exit 3");
  CHECK(end.output == "said\n");
  CHECK(end.status == 3);
}

TEST_CASE("child: it reads the input it was given, or nothing") {
  const testing::TemporaryDirectory temporary;
  testing::write_text(temporary.path("input"), "given\n");
  const auto input = open_at(AT_FDCWD, temporary.path("input"), O_RDONLY);
  CHECK(shell("cat", input->get()).output == "given\n");
  CHECK(shell("cat").output.empty());
}

TEST_CASE("child: its standard error is heard where that is wanted") {
  CHECK(shell("echo said; echo complained >&2", -1, {seconds(20), 4096, true}).output == "said\ncomplained\n");
}

TEST_CASE("child: it inherits no descriptor") {
  const int leak = ::dup(STDERR_FILENO);  // one without O_CLOEXEC
  REQUIRE(leak > STDERR_FILENO);
  CHECK(shell("ls /proc/self/fd").output == "0\n1\n2\n3\n");
  ::close(leak);
}

TEST_CASE("child: it inherits no environment, and gets the PATH of a service") {
  CHECK(run_child("/usr/bin/env", {}, -1, ample)->output ==
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n");
}

TEST_CASE("child: one that does not end in time is killed") {
  const ChildEnd end = shell("echo said; exec sleep 600", -1, {milliseconds(50), 4096});
  CHECK(end.output.empty());
  CHECK_FALSE(end.status);
}

TEST_CASE("child: one that closes its output and goes on is killed when its time is up") {
  CHECK_FALSE(shell("echo said; exec >&-; exec sleep 600", -1, {milliseconds(50), 4096}).status);
}

TEST_CASE("child: one that ends while its output goes on has said nothing whole, and has no status") {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Fd reading(ends[0]);
  const Fd writing(ends[1]);  // until it is closed, cat holds the output
  const ChildEnd end = shell("exec 3<&0; echo said; cat <&3 & exit 0", reading.get(), {milliseconds(200), 4096});
  CHECK(end.output.empty());
  CHECK_FALSE(end.status);
}

TEST_CASE("child: one that says too much is not listened to") {
  CHECK(shell("while :; do echo much; done", -1, {seconds(20), 100}).output.empty());
}

TEST_CASE("child: a program that is not there is an error") {
  CHECK_FALSE(run_child("/no/such/program", {}, -1, ample));
}

TEST_CASE("child: one that was killed has no status, one that ended has") {
  const pid_t ending = ::fork();
  if (ending == 0) ::_exit(7);
  CHECK(await_child(ending, seconds(20)) == 7);
  const pid_t sleeping = ::fork();
  if (sleeping == 0) {
    ::pause();
    ::_exit(0);
  }
  CHECK_FALSE(await_child(sleeping, milliseconds(1)));
}
