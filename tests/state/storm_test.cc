// The store under everything that may happen to it: crowds, kill -9, a full disk, a cleaner of /run.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <random>
#include <vector>

#include "catch.h"
#include "example.h"
#include "processes.h"
#include "state/shard.h"

using namespace hardened;
using testing::example;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

constexpr char root[] = "/run/hardened-test-no-such-runtime";

// Ids that all fall into one shard, where creates meet.
std::vector<std::string> crowd(std::size_t count) {
  std::vector<std::string> ids;
  const auto shard = [](const std::string& id) { return state::grant_directory("", root, id).substr(0, 10); };
  for (int i = 0; ids.size() < count; ++i) {
    const std::string id = "c" + std::to_string(i);
    if (ids.empty() || shard(id) == shard(ids.front())) ids.push_back(id);
  }
  return ids;
}

state::Grant grant_by(const std::string& id, const state::Process& creator) {
  state::Grant grant = example(root, id);
  grant.creator = creator;
  grant.profile["padding"] = std::string(20'000, 'x');
  return grant;
}

std::size_t whole_grants(const std::string& state, const std::vector<std::string>& ids) {
  std::size_t count = 0;
  for (const std::string& id : ids) {
    const auto grant = state::load(root, id, state);
    REQUIRE(grant);
    if (*grant) ++count;
  }
  return count;
}

// What a writer leaves that was killed has a name that begins with a dot.
bool is_whole(const fs::directory_entry& entry) {
  return entry.path().filename().string().front() != '.';
}

}  // namespace

TEST_CASE("storm: many creates at once in one shard all keep their grants") {
  TemporaryDirectory temporary;
  const std::string state = temporary.path("state");
  const auto ids = crowd(30);
  const state::Process parent = state::this_process().value();
  std::vector<pid_t> children;
  for (const std::string& id : ids)
    children.push_back(testing::start([&] { return state::store(grant_by(id, parent), state).has_value(); }));
  for (const pid_t child : children) CHECK(testing::succeeded(child));
  CHECK(whole_grants(state, ids) == ids.size());
}

TEST_CASE("storm: of many creates of one id exactly one gets the grant") {
  TemporaryDirectory temporary;
  const std::string state = temporary.path("state");
  int gate[2] = {-1, -1};
  REQUIRE(::pipe2(gate, O_CLOEXEC) == 0);
  int results[2] = {-1, -1};
  REQUIRE(::pipe2(results, O_CLOEXEC) == 0);
  std::vector<pid_t> children;
  for (int i = 0; i < 12; ++i) {
    children.push_back(testing::start([&] {
      ::close(gate[1]);
      state::Grant grant = grant_by("same", state::this_process().value());
      grant.image = std::to_string(::getpid());
      const char won = state::store(grant, state) ? '1' : '0';
      char end = 0;
      return ::write(results[1], &won, 1) == 1 && ::read(gate[0], &end, 1) == 0;  // stays alive until all have tried
    }));
  }
  int winners = 0;
  for (std::size_t i = 0; i < children.size(); ++i) {
    char won = 0;
    REQUIRE(::read(results[0], &won, 1) == 1);
    winners += won == '1' ? 1 : 0;
  }
  CHECK(winners == 1);
  const auto grant = state::load(root, "same", state);
  REQUIRE(grant);
  REQUIRE(*grant);
  const std::string creator = fs::read_symlink(state::grant_directory(state, root, "same") + "/creator");
  CHECK(creator.starts_with((*grant)->image + ":"));
  ::close(gate[1]);
  for (const pid_t child : children) CHECK(testing::succeeded(child));
  for (const int fd : {gate[0], results[0], results[1]}) ::close(fd);
}

TEST_CASE("storm: kill -9 at any moment leaves whole grants or none, and no litter after the next create") {
  TemporaryDirectory temporary;
  const std::string state = temporary.path("state");
  const auto ids = crowd(6);
  const state::Process parent = state::this_process().value();
  std::mt19937 random(7);
  for (int round = 0; round < 60; ++round) {
    const pid_t child = testing::start([&] {
      for (std::size_t i = 0;; ++i) {
        if (!state::store(grant_by(ids[i % 5], parent), state)) return false;
        if (i % 3 == 0 && !state::remove(root, ids[i % 5], state)) return false;
      }
    });
    ::usleep(static_cast<useconds_t>(random() %
                                     8000));  // where the kill hits is the point of the test; no outcome depends on it
    testing::kill_and_reap(child);
    whole_grants(state, ids);
    REQUIRE(state::store(grant_by(ids[5], parent), state));
    const fs::path shard = fs::path(state::grant_directory(state, root, ids[0])).parent_path();
    for (const auto& entry : fs::directory_iterator(shard)) REQUIRE(is_whole(entry));
  }
}

TEST_CASE("storm: a full disk refuses the create, keeps the other grants and leaves nothing half") {
  TemporaryDirectory temporary;
  CHECK(testing::on_small_disk(temporary.path(), "128k", [&] {
    const std::string state = temporary.path("state");
    const auto ids = crowd(12);
    const state::Process parent = state::this_process().value();
    std::vector<std::string> kept;
    std::string problem;
    for (const std::string& id : ids) {
      const auto stored = state::store(grant_by(id, parent), state);
      if (stored) kept.push_back(id);
      if (!stored && problem.empty()) problem = stored.error().message;
    }
    if (kept.empty() || kept.size() == ids.size() || problem.find("(ENOSPC)") == std::string::npos) return false;
    const fs::path shard = fs::path(state::grant_directory(state, root, ids[0])).parent_path();
    for (const auto& entry : fs::directory_iterator(shard))
      if (!is_whole(entry)) return false;
    for (const std::string& id : kept)
      if (!state::load(root, id, state).value()) return false;
    return true;
  }));
}

TEST_CASE("storm: the state directory may be removed at any time") {
  TemporaryDirectory temporary;
  const std::string state = temporary.path("state");
  const state::Process parent = state::this_process().value();
  REQUIRE(state::store(grant_by("web", parent), state));
  fs::remove_all(state);
  CHECK_FALSE(state::load(root, "web", state).value());
  CHECK(state::remove(root, "web", state));
  REQUIRE(state::store(grant_by("web", parent), state));
  CHECK(state::load(root, "web", state).value());

  const pid_t cleaner = testing::start([&]() -> bool {
    for (;;) {
      std::error_code ignored;
      while (!fs::exists(fs::path(state) / "grants", ignored)) ::sched_yield();
      fs::remove_all(state, ignored);
    }
  });
  for (int i = 0; i < 200; ++i) {
    const auto stored = state::store(grant_by("c" + std::to_string(i), parent), state);
    if (!stored) CHECK(stored.error().code == Code::io);
  }
  testing::kill_and_reap(cleaner);
  REQUIRE(state::store(grant_by("last", parent), state));
  CHECK(state::load(root, "last", state).value());
}

TEST_CASE("storm: a stopped holder of the lock does not hang the next create") {
  TemporaryDirectory temporary;
  const std::string state = temporary.path("state");
  const std::string key = state::grant_directory("", root, "web").substr(11);
  const auto held = state::Shard::open(state, key, std::chrono::milliseconds(0));
  REQUIRE(held);
  const auto second = state::Shard::open(state, key, std::chrono::milliseconds(10));
  REQUIRE_FALSE(second);
  CHECK(second.error().message ==
        "cannot lock " + state + "/grants/" + key.substr(0, 2) + ": held by another process for too long");
}
