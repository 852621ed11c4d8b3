#include "kernel/user_namespace.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "catch.h"
#include "processes.h"

using namespace hardened;

TEST_CASE("user namespace: one of its own, and no process is left behind") {
  if (::geteuid() != 0) {
    WARN("skipped: mapping ids needs root");
    return;
  }
  const auto made = kernel::make_user_namespace({1073741824, 1073741824, 65536});
  REQUIRE(made);
  struct stat ours {};
  struct stat theirs {};
  REQUIRE(::stat("/proc/self/ns/user", &ours) == 0);
  REQUIRE(::fstat(made->get(), &theirs) == 0);
  CHECK(ours.st_dev == theirs.st_dev);
  CHECK(ours.st_ino != theirs.st_ino);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);
  CHECK(errno == ECHILD);
}

// What lives in it for a moment has our memory, and any root of this machine is almighty over it (/proc/PID/mem).
TEST_CASE("user namespace: whoever may not trace us may not trace what is in it") {
  if (::geteuid() != 0) {
    WARN("skipped: mapping ids needs root");
    return;
  }
  CHECK(testing::succeeded(testing::start([] {
    return ::prctl(PR_SET_DUMPABLE, 1) == 0 &&  // as after execve(2)
           kernel::make_user_namespace({1073741824, 1073741824, 65536}) && ::prctl(PR_GET_DUMPABLE) == 0;
  })));
}

TEST_CASE("user namespace: a host that gives none says so") {
  if (::geteuid() != 0) {
    WARN("skipped: mapping ids needs root");
    return;
  }
  // A limit of a namespace below counts for what is made in it: the machine's own stays as it is.
  CHECK(testing::succeeded(testing::start([] {
    if (::unshare(CLONE_NEWUSER) != 0) return false;
    std::ofstream("/proc/sys/user/max_user_namespaces") << "0" << std::flush;
    const auto made = kernel::make_user_namespace({0, 0, 1});
    return !made && made.error().message.find("user.max_user_namespaces is 0 (ENOSPC)") != std::string::npos &&
           made.error().code == Code::policy;
  })));
}

TEST_CASE("user namespace: a mapping the kernel refuses is an error") {
  if (::geteuid() != 0) {
    WARN("skipped: mapping ids needs root");
    return;
  }
  CHECK_FALSE(kernel::make_user_namespace({0xffffffff, 0, 2}));
  CHECK_FALSE(kernel::make_user_namespace({1, 1, 0}));
}
