#include "state/id_ranges.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <set>

#include "catch.h"
#include "kernel/user_namespace.h"
#include "processes.h"
#include "state/example.h"
#include "state/mapped_ids.h"
#include "state/shard.h"

using namespace hardened;
namespace fs = std::filesystem;

namespace {

constexpr std::uint32_t first = 1073741824;

class Host {
 public:
  explicit Host(std::uint32_t slots = 4) : pool_{first, first + 65536 * 100, slots, {}, {}} {
    fs::create_directories(runtime_root());
    fs::permissions(temporary_.path(), fs::perms(0700));
  }
  [[nodiscard]] std::string state() const { return temporary_.path("state"); }
  [[nodiscard]] std::string runtime_root() const { return temporary_.path("runc"); }
  host::IdPool& pool() { return pool_; }

  // Claims for a create that has ended by now, and keeps a grant of it while its container lives.
  Result<kernel::IdMapping> create(const std::string& id, std::uint32_t size = 65536) const {
    auto ids = state::claim_ids({runtime_root(), id, size, testing::dead_process()}, pool_, state());
    if (!ids) return ids;
    state::Grant grant = testing::example(runtime_root(), id);
    grant.creator = testing::dead_process();
    grant.ids = *ids;
    REQUIRE(state::store(grant, state()));
    fs::create_directory(runtime_root() + "/" + id);
    return ids;
  }
  // Joins a container that has `ids`, likewise.
  void join(const std::string& id, const kernel::IdMapping& ids) const {
    REQUIRE(state::share_ids({runtime_root(), id, ids.size, testing::dead_process()}, ids, state()));
    state::Grant grant = testing::example(runtime_root(), id);
    grant.creator = testing::dead_process();
    grant.ids = ids;
    REQUIRE(state::store(grant, state()));
    fs::create_directory(runtime_root() + "/" + id);
  }
  void remove(const std::string& id) const { fs::remove(runtime_root() + "/" + id); }

 private:
  testing::TemporaryDirectory temporary_;
  host::IdPool pool_;
};

}  // namespace

TEST_CASE("id ranges: each living container has its own, users and groups") {
  const Host host;
  std::set<std::uint32_t> seen;
  for (const char* id : {"a", "b", "c", "d"}) {
    const auto ids = host.create(id);
    REQUIRE(ids);
    CHECK(ids->size == 65536);
    CHECK(ids->gid - ids->uid == 65536 * 100);
    seen.insert(ids->uid);
  }
  CHECK(seen.size() == 4);
  const auto none = host.create("e");
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::policy);
  CHECK(none.error().message.find("all 4 ranges") != std::string::npos);
  host.remove("c");
  CHECK(host.create("e").value().uid == first + 2 * 65536);
}

TEST_CASE("id ranges: a restart takes another one, and the old one is free again") {
  const Host host(2);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(host.create("a"));
    host.remove("a");
  }
  REQUIRE(host.create("a"));
  REQUIRE(host.create("b"));
  CHECK_FALSE(host.create("c"));
}

TEST_CASE("id ranges: a create that is still at it holds its range without a grant") {
  const Host host(1);
  REQUIRE(
      state::claim_ids({host.runtime_root(), "a", 65536, state::this_process().value()}, Host(1).pool(), host.state()));
  CHECK_FALSE(host.create("b"));
}

TEST_CASE("id ranges: ids of the host are never given out") {
  Host host(4);
  host.pool().users = {{first + 70000, 1}};
  host.pool().groups = {{first + 65536 * 103, 65536}};
  CHECK(host.create("a").value().uid == first);
  CHECK(host.create("b").value().uid == first + 2 * 65536);
  CHECK_FALSE(host.create("c"));
}

TEST_CASE("id ranges: a larger one is whole") {
  const Host host(4);
  REQUIRE(host.create("a"));
  CHECK(host.create("b", 3 * 65536).value().uid == first + 65536);
  CHECK_FALSE(host.create("c"));
}

TEST_CASE("id ranges: a holder that cannot be read is not robbed") {
  const Host host(2);
  REQUIRE(host.create("a"));
  const std::string second = host.state() + "/ids/" + std::to_string(first + 65536);
  fs::create_symlink("garbage", second);
  CHECK_FALSE(host.create("b"));
}

TEST_CASE("id ranges: claimed at once by many processes, none is given out twice") {
  const Host host(64);
  std::vector<pid_t> children;
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  for (int i = 0; i < 32; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto self = state::this_process();
      const auto ids = state::claim_ids({host.runtime_root(), "c" + std::to_string(i), 65536, *self},
                                        host::IdPool{first, first, 64, {}, {}}, host.state());
      const std::uint32_t claimed = ids ? ids->uid : 0;
      (void)!::write(ends[1], &claimed, sizeof claimed);
      ::pause();  // a claim counts while its process lives
    }
    children.push_back(child);
  }
  ::close(ends[1]);
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 32; ++i) {
    std::uint32_t claimed = 0;
    CHECK(::read(ends[0], &claimed, sizeof claimed) == sizeof claimed);
    CHECK(claimed != 0);
    seen.insert(claimed);
  }
  ::close(ends[0]);
  for (const pid_t child : children) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
  CHECK(seen.size() == 32);
}

TEST_CASE("id ranges: a range is in use as long as any container that joined its first holder lives") {
  const Host host(2);
  const auto ids = host.create("first").value();
  host.join("second", ids);
  host.join("third", ids);
  host.remove("first");
  CHECK(host.create("other").value() != ids);
  CHECK_FALSE(host.create("more"));
  host.remove("second");
  CHECK_FALSE(host.create("more"));
  host.join("fourth", ids);  // takes the place of the second
  host.remove("third");
  CHECK_FALSE(host.create("more"));
  host.remove("fourth");
  CHECK(host.create("more").value() == ids);
}

TEST_CASE("id ranges: another pool over the same ids gives none out that a living container has") {
  Host host(4);
  std::set<std::uint32_t> users;
  std::set<std::uint32_t> groups;
  const auto create = [&](const char* id) {
    const auto ids = host.create(id);
    REQUIRE(ids);
    CHECK(users.insert(ids->uid).second);
    CHECK(groups.insert(ids->gid).second);
  };
  create("a");
  create("b");
  create("c");
  host.pool().uid += 65536;  // users a slot further on, groups where they were
  create("d");
  CHECK_FALSE(host.create("e"));
  host.pool().uid = first - 65536 * 50;
  host.pool().slots = 3;
  host.pool().gid = first;  // the groups' ids are the users' of the first three
  CHECK_FALSE(host.create("e"));
  host.remove("b");
  create("f");
}

TEST_CASE("id ranges: emptied under living containers, their ids are found among the processes") {
  Host host(3);
  host.pool().gid = first;
  const auto enters = [](const kernel::IdMapping& ids) {
    const auto users = kernel::make_user_namespace(ids);
    return users && ::setns(users->get(), CLONE_NEWUSER) == 0;
  };
  std::optional<testing::Subject> container(std::in_place, [&] { return enters({first + 65536, first, 65536}); });
  REQUIRE(container->ready());
  CHECK(host.create("a").value().uid == first + 2 * 65536);
  fs::remove_all(host.state() + "/ids");
  CHECK(host.create("b").value().uid == first + 2 * 65536);  // "a" was never a process
  CHECK_FALSE(host.create("c"));
  container.reset();
  CHECK(host.create("c").value().uid == first);
}

TEST_CASE("id ranges: a pool that was not looked through whole is, also when the last slot is of it") {
  Host host(2);
  host.pool().gid = first;
  const testing::Subject container([&] {
    const auto users = kernel::make_user_namespace({first, first, 65536});
    return users && ::setns(users->get(), CLONE_NEWUSER) == 0;
  });
  REQUIRE(container.ready());
  const auto move_pool = [&](std::uint32_t to, std::uint32_t slots) {
    host.pool().uid = host.pool().gid = to;
    host.pool().slots = slots;
  };
  move_pool(first + 65536, 2);
  CHECK(host.create("a").value().uid == first + 65536);
  move_pool(first, 3);
  CHECK(host.create("b").value().uid == first + 2 * 65536);
  CHECK_FALSE(host.create("c"));
}

TEST_CASE("id ranges: where the grants are lost, the runtime's own directory tells that a container is there") {
  const Host host(2);
  REQUIRE(host.create("a"));
  REQUIRE(host.create("b"));
  fs::remove_all(host.state() + "/grants");
  CHECK_FALSE(host.create("c"));
  host.remove("a");
  CHECK(host.create("c").value().uid == first);
}

TEST_CASE("id ranges: those that an engine chose are nobody else's, and not somebody's already") {
  Host host(3);
  host.pool().gid = first;
  const auto enter = [&](const char* id, std::uint32_t from, std::uint32_t size, bool joined = false) {
    const auto entered = state::enter_given_ids({host.runtime_root(), id, size, testing::dead_process()},
                                                {{{from, size}}, {{from, size}}, joined}, host.pool(), host.state());
    if (!entered) return entered;
    state::Grant grant = testing::example(host.runtime_root(), id);
    grant.creator = testing::dead_process();
    grant.ids = {};
    REQUIRE(state::store(grant, host.state()));
    fs::create_directory(host.runtime_root() + "/" + id);
    return entered;
  };
  CHECK(enter("elsewhere", 100000, 65536));
  CHECK(enter("part", first + 65536 + 1000, 10));
  CHECK(host.create("a").value().uid == first);
  const auto refused = enter("b", first + 65535, 2);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message ==
        "cannot let the container have the host ids from 1073741824 on: another one has them");
  CHECK(enter("member", first + 65536 + 1000, 10, true));
  host.remove("part");
  CHECK(host.create("c").value().uid == first + 2 * 65536);
  CHECK_FALSE(host.create("d"));
  host.remove("member");
  CHECK(host.create("d").value().uid == first + 65536);
}

TEST_CASE("mapped ids: of the first process of a pid namespace, of others where it has not the same, not our own") {
  // A pid namespace with two processes; only the second has ids of its own, or both.
  const auto two = [](bool both, std::uint32_t from) {
    const auto users = kernel::make_user_namespace({from, from + 65536, 1000});
    const auto enters = [&users] { return ::setns(users->get(), CLONE_NEWUSER) == 0; };
    int ends[2];
    if (!users || (both && !enters()) || ::unshare(CLONE_NEWPID) != 0 || ::pipe(ends) != 0) return false;
    if (::fork() == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // it goes with the subject
      if (::fork() == 0 && ((!both && !enters()) || ::write(ends[1], "", 1) != 1)) ::_exit(1);
      for (;;) ::pause();
    }
    char byte = 0;
    return ::read(ends[0], &byte, 1) == 1;
  };
  const auto found = [](std::uint32_t from) {
    const auto living = state::mapped_ids();
    REQUIRE(living);
    int processes = 0;
    for (const state::MappedIds& ids : *living) {
      CHECK(ids.process.pid != ::getpid());
      if (ids.users.empty() || ids.users[0].first != from) continue;
      CHECK(ids.users.at(0).count == 1000);
      CHECK(ids.groups.at(0).first == from + 65536);
      ++processes;
    }
    return processes;
  };
  const testing::Subject all([&] { return two(true, first); });
  REQUIRE(all.ready());
  CHECK(found(first) == 2);  // it, and the first of the two
  const testing::Subject one([&] { return two(false, first + 2000); });
  REQUIRE(one.ready());
  CHECK(found(first + 2000) == 1);  // the second
  const auto out_of_descriptors = [] {
    const rlimit none{0, 0};
    return ::setrlimit(RLIMIT_NOFILE, &none) == 0 && !state::mapped_ids();
  };
  CHECK(testing::succeeded(testing::start(out_of_descriptors)));
}

TEST_CASE("mapped ids: from within a user namespace, those above it are not taken to have the pool") {
  const auto sees_it_not = [] {
    const auto users = kernel::make_user_namespace({0, 0, 65536});
    if (!users || ::setns(users->get(), CLONE_NEWUSER) != 0) return false;
    const auto living = state::mapped_ids();
    return living && std::all_of(living->begin(), living->end(), [](const state::MappedIds& ids) {
             return ids.process.pid != ::getppid() || ids.users.empty();
           });
  };
  CHECK(testing::succeeded(testing::start(sees_it_not)));
}

TEST_CASE("id ranges: what cannot be looked at is held") {
  const Host host;
  const auto ids = host.create("a");
  REQUIRE(ids);
  host.remove("a");
  const std::string key = state::key_of(host.runtime_root(), "a");
  const auto is_held = [&] { return state::holds_ids(host.state(), key, std::to_string(ids->uid), "/nonexistent"); };
  CHECK_FALSE(is_held());
  // No runtime can have made a container of such a name; its ids would never come back.
  CHECK_FALSE(state::holds_ids(host.state(), key, std::to_string(ids->uid), "/run/" + std::string(300, 'a')));
  const auto out_of_descriptors = [&] {
    const rlimit none{0, 0};
    return ::setrlimit(RLIMIT_NOFILE, &none) == 0 && is_held();
  };
  CHECK(testing::succeeded(testing::start(out_of_descriptors)));
  // Longer than any name can be: neither is there a link, nor is there none.
  CHECK_FALSE(state::link_target(AT_FDCWD, std::string(5000, 'x')));
  CHECK(state::link_target(AT_FDCWD, host.state() + "/nonexistent").value() == "");
  CHECK(state::link_target(AT_FDCWD, host.state()).value() == "");
}
