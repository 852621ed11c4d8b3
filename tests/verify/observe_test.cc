#include "verify/observe.h"

#include <sys/prctl.h>
#include <sys/resource.h>

#include "catch.h"
#include "processes.h"

using namespace hardened;

namespace {

verify::ContainerView seen(const testing::Subject& subject) {
  REQUIRE(subject.ready());
  const auto view = verify::observe(subject.pid());
  REQUIRE(view.has_value());
  REQUIRE(view->has_value());
  return **view;
}

bool lower_core() {
  const rlimit limit{0, 0};
  return ::setrlimit(RLIMIT_CORE, &limit) == 0;
}

}  // namespace

TEST_CASE("observe: what a process gave up is seen, and what it kept") {
  const testing::Subject plain([] { return true; });
  const testing::Subject less([] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && lower_core(); });
  CHECK_FALSE(seen(plain).init.no_new_privileges);
  const verify::ContainerView view = seen(less);
  CHECK(view.init.pid == less.pid());
  CHECK(view.init.no_new_privileges);
  CHECK_FALSE(view.init.seccomp_filter);
  CHECK(view.init.rlimits.at("RLIMIT_CORE").hard == 0);
  CHECK(view.init.rlimits.contains("RLIMIT_NOFILE"));
  CHECK(view.init.uids == std::vector<std::uint64_t>(4, ::getuid()));
  CHECK(view.init.capabilities.size() == 5);
}

TEST_CASE("observe: a bounding set without CAP_CHOWN") {
  const testing::Subject less([] { return ::prctl(PR_CAPBSET_DROP, 0, 0, 0, 0) == 0; });
  CHECK((seen(less).init.capabilities.at("bounding") & 1U) == 0);
}

TEST_CASE("observe: namespaces are the kernel's numbers") {
  const testing::Subject same([] { return true; });
  CHECK(seen(same).init.namespaces == verify::own_namespaces());
  CHECK(verify::own_namespaces().size() == 7);
}

TEST_CASE("observe: mounts are those of the process, read-only or not") {
  const testing::Subject other([] {
    return ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("tmpfs", "/tmp", "tmpfs", MS_RDONLY, nullptr) == 0;
  });
  const verify::ContainerView view = seen(other);
  CHECK(view.mounts.at("/tmp"));
  CHECK_FALSE(view.mounts.at("/"));
  CHECK(view.init.namespaces.at("mnt") != verify::own_namespaces().at("mnt"));
}

TEST_CASE("observe: a process that has ended is nothing, not an error") {
  pid_t gone = -1;
  {
    const testing::Subject short_lived([] { return true; });
    gone = short_lived.pid();
  }
  const auto view = verify::observe(gone);
  REQUIRE(view.has_value());
  CHECK_FALSE(view->has_value());
}
