#include "state/store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "example.h"
#include "processes.h"

using namespace hardened;
using state::Grant;
using testing::example;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

// A host: our state directory and a runtime's root in which containers come and go.
class Host {
 public:
  Host() {
    fs::create_directories(runtime_root());
    ::chmod(temporary_.path().c_str(), 0700);
  }
  [[nodiscard]] std::string state() const { return temporary_.path("state"); }
  [[nodiscard]] std::string runtime_root() const { return temporary_.path("runc"); }
  [[nodiscard]] Grant grant(const std::string& id) const { return example(runtime_root(), id); }
  [[nodiscard]] Grant orphan(const std::string& id) const {
    Grant result = grant(id);
    result.creator = testing::dead_process();
    return result;
  }
  [[nodiscard]] std::string directory(const std::string& id) const {
    return state::grant_directory(state(), runtime_root(), id);
  }
  [[nodiscard]] std::string shard(const std::string& id) const { return fs::path(directory(id)).parent_path(); }
  void start_container(const std::string& id) const { fs::create_directory(runtime_root() + "/" + id); }
  void delete_container(const std::string& id) const { fs::remove_all(runtime_root() + "/" + id); }
  // The n-th id that falls into the shard of `id`.
  [[nodiscard]] std::string neighbour(const std::string& id, int n) const {
    for (int i = 0;; ++i) {
      const std::string other = "n" + std::to_string(i);
      if (shard(other) == shard(id) && n-- == 0) return other;
    }
  }
  [[nodiscard]] Status store(const Grant& grant) const { return state::store(grant, state()); }
  [[nodiscard]] auto load(const std::string& id) const { return state::load(runtime_root(), id, state()); }
  [[nodiscard]] bool has(const std::string& id) const {
    const auto grant = load(id);
    return grant && grant->has_value();
  }
  [[nodiscard]] std::ptrdiff_t entries(const std::string& id) const {
    return std::distance(fs::directory_iterator(shard(id)), {});
  }

 private:
  TemporaryDirectory temporary_;
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
}

}  // namespace

TEST_CASE("store: the mount point of an ephemeral root goes with its grant") {
  const Host host;
  for (int i = 0; i < 3; ++i) {
    REQUIRE(host.store(host.grant("web")));
    fs::create_directory(host.directory("web") + "/root");
    host.start_container("web");
    host.delete_container("web");
  }
  REQUIRE(state::remove(host.runtime_root(), "web", host.state()));
  CHECK_FALSE(fs::exists(host.directory("web")));
}

TEST_CASE("store: a grant is kept for root only, with links to the runtime and the container") {
  const Host host;
  CHECK_FALSE(host.has("web"));
  REQUIRE(host.store(host.grant("web")));
  const auto loaded = host.load("web");
  REQUIRE(loaded);
  REQUIRE(*loaded);
  CHECK(state::encode(**loaded) == state::encode(host.grant("web")));
  CHECK(fs::read_symlink(host.directory("web") + "/runtime") == "/usr/sbin/runc");
  CHECK(fs::read_symlink(host.directory("web") + "/container") == host.runtime_root() + "/web");
  const auto self = state::this_process().value();
  CHECK(fs::read_symlink(host.directory("web") + "/creator") ==
        std::to_string(self.pid) + ":" + std::to_string(self.start_time));
  // The root of a container with a user namespace passes through to its root file system, but lists nothing.
  CHECK(mode_of(host.state()) == 0711);
  CHECK(mode_of(host.shard("web")) == 0711);
  CHECK(mode_of(host.directory("web")) == 0711);
  CHECK(mode_of(host.directory("web") + "/grant.json") == 0600);
  CHECK(host.entries("web") == 1);
  CHECK_FALSE(state::load("/run/crun", "web", host.state()).value());
}

TEST_CASE("store: a program of ours stands before the runtime, which is named beside it") {
  const Host host;
  Grant grant = host.grant("attended");
  grant.stand_in = "/usr/libexec/hardened/hardened-record";
  REQUIRE(host.store(grant));
  CHECK(fs::read_symlink(host.directory("attended") + "/runtime") == "/usr/libexec/hardened/hardened-record");
  CHECK(fs::read_symlink(host.directory("attended") + "/behind") == grant.runtime);
  CHECK(host.load("attended").value()->runtime == grant.runtime);
  REQUIRE(host.store(host.grant("plain")));
  CHECK_FALSE(fs::is_symlink(host.directory("plain") + "/behind"));
}

TEST_CASE("store: directories of an earlier version let the root of a container pass") {
  const Host host;
  REQUIRE(host.store(host.orphan("web")));
  for (const std::string& directory : {host.state(), host.state() + "/grants", host.shard("web")})
    REQUIRE(::chmod(directory.c_str(), 0700) == 0);
  REQUIRE(host.store(host.grant("web")));
  for (const std::string& directory : {host.state(), host.state() + "/grants", host.shard("web")})
    CHECK(mode_of(directory) == 0711);
}

TEST_CASE("store: what is no container or no absolute path is refused") {
  const Host host;
  for (const char* id : {"", ".", "..", "a/b", "../etc", "/"}) {
    INFO(id);
    CHECK_FALSE(host.store(host.grant(id)));
  }
  Grant relative = host.grant("web");
  relative.runtime_root = "runc";
  CHECK_FALSE(host.store(relative));
  relative = host.grant("web");
  relative.runtime = "runc";
  CHECK_FALSE(host.store(relative));
}

TEST_CASE("store: the grant of a living container is not replaced by a second create") {
  const Host host;
  SECTION("the container exists") {
    REQUIRE(host.store(host.orphan("web")));
    host.start_container("web");
  }
  SECTION("its creator is still at it") {
    Grant first = host.grant("web");
    first.creator = {1, 0};
    const auto stat = testing::read_text("/proc/1/stat");
    std::istringstream fields(stat.substr(stat.rfind(") ") + 2));
    std::string skipped;
    for (int field = 3; field < 22; ++field) fields >> skipped;
    fields >> first.creator.start_time;
    REQUIRE(host.store(first));
  }
  Grant second = host.grant("web");
  second.profile = Json::parse(R"({"name":"lenient"})");
  const auto stored = host.store(second);
  REQUIRE_FALSE(stored);
  CHECK(stored.error().message == "cannot create container web: one of that id exists");
  CHECK(host.load("web").value()->profile.at("name") == "strict");
}

TEST_CASE("store: an id is used again once its container is gone, and by the same creator at any time") {
  const Host host;
  REQUIRE(host.store(host.orphan("web")));
  Grant next = host.grant("web");
  next.image = "next";
  REQUIRE(host.store(next));
  CHECK(host.load("web").value()->image == "next");
  next.image = "again";
  host.start_container("web");
  REQUIRE(host.store(next));
  CHECK(host.load("web").value()->image == "again");
  CHECK(host.entries("web") == 1);
}

TEST_CASE("sweep: a create removes the dead of its own shard and nothing else") {
  const Host host;
  const std::string gone = host.neighbour("web", 0);
  const std::string deleted = host.neighbour("web", 1);
  const std::string living = host.neighbour("web", 2);
  const std::string starting = host.neighbour("web", 3);
  host.start_container(deleted);
  host.start_container(living);
  for (const std::string& id : {gone, deleted, living}) REQUIRE(host.store(host.orphan(id)));
  REQUIRE(host.store(host.grant(starting)));
  CHECK_FALSE(host.has(gone));
  CHECK(host.has(deleted));
  host.delete_container(deleted);
  std::string elsewhere = "e";
  while (host.shard(elsewhere) == host.shard("web")) elsewhere += "e";
  REQUIRE(host.store(host.orphan(elsewhere)));

  REQUIRE(host.store(host.grant("web")));
  CHECK_FALSE(host.has(deleted));
  CHECK(host.has(living));
  CHECK(host.has(starting));
  CHECK(host.has("web"));
  CHECK(host.has(elsewhere));
  CHECK(host.entries("web") == 3);
}

TEST_CASE("sweep: leftovers of killed writers go, also broken and foreign ones") {
  const Host host;
  REQUIRE(host.store(host.grant("web")));
  const std::string shard = host.shard("web");
  fs::create_directory(shard + "/.new");
  testing::write_text(shard + "/.new/grant.json", "{");
  fs::create_directory(shard + "/.old");
  testing::write_text(shard + "/.stray", "x");
  fs::create_directory(shard + "/" + std::string(40, 'a'));
  fs::create_directory(shard + "/" + std::string(40, 'b'));
  fs::create_symlink("1:x", shard + "/" + std::string(40, 'b') + "/creator");
  testing::write_text(shard + "/" + std::string(40, 'b') + "/grant.json", "{\"half\":");
  testing::write_text(shard + "/file", "x");
  const std::string victim = host.runtime_root() + "/kept";
  testing::write_text(victim, "kept");
  fs::create_symlink(host.runtime_root(), shard + "/link");
  REQUIRE(host.store(host.grant(host.neighbour("web", 0))));
  CHECK(host.entries("web") == 2);
  CHECK(testing::read_text(victim) == "kept");
}

TEST_CASE("load: a grant that is broken, foreign or not root's own is an error, not an absence") {
  const Host host;
  REQUIRE(host.store(host.grant("web")));
  const std::string file = host.directory("web") + "/grant.json";
  SECTION("cut short") {
    fs::resize_file(file, 100);
  }
  SECTION("empty") {
    fs::resize_file(file, 0);
  }
  SECTION("of another container") {
    REQUIRE(host.store(host.grant("other")));
    fs::copy_file(host.directory("other") + "/grant.json", file, fs::copy_options::overwrite_existing);
  }
  SECTION("writable by others") {
    REQUIRE(::chmod(file.c_str(), 0666) == 0);
  }
  SECTION("owned by someone else") {
    REQUIRE(::chown(file.c_str(), 1000, 1000) == 0);
  }
  SECTION("a symbolic link") {
    testing::write_text(host.runtime_root() + "/forged", testing::read_text(file));
    fs::remove(file);
    fs::create_symlink(host.runtime_root() + "/forged", file);
  }
  SECTION("in a state directory that others may write") {
    REQUIRE(::chmod(host.state().c_str(), 0777) == 0);
  }
  const auto loaded = host.load("web");
  CHECK_FALSE(loaded);
}

TEST_CASE("store and load: a state directory that is not root's own is not trusted") {
  const Host host;
  const std::string real = host.runtime_root() + "/real";
  fs::create_directory(real);
  SECTION("a symbolic link") {
    fs::create_symlink(real, host.state());
  }
  SECTION("of another owner") {
    fs::create_directory(host.state());
    REQUIRE(::chown(host.state().c_str(), 1000, 1000) == 0);
  }
  SECTION("writable by all") {
    fs::create_directory(host.state());
    REQUIRE(::chmod(host.state().c_str(), 01777) == 0);
  }
  SECTION("a file") {
    testing::write_text(host.state(), "");
  }
  SECTION("with shards of another owner") {
    fs::create_directories(host.shard("web"));
    REQUIRE(::chmod(host.state().c_str(), 0700) == 0);
    REQUIRE(::chown(host.shard("web").c_str(), 1000, 1000) == 0);
  }
  CHECK_FALSE(host.store(host.grant("web")));
  CHECK(fs::is_empty(real));
}

TEST_CASE("remove: a failed create forgets its grant; there may be none") {
  const Host host;
  REQUIRE(host.store(host.grant("web")));
  REQUIRE(state::remove(host.runtime_root(), "web", host.state()));
  CHECK_FALSE(host.has("web"));
  CHECK(host.entries("web") == 0);
  CHECK(state::remove(host.runtime_root(), "web", host.state()));
  CHECK(state::remove(host.runtime_root(), "never", host.state()));
}

TEST_CASE("amend: a grant says something else at once, with its links; there may be none") {
  const Host host;
  REQUIRE(host.store(host.grant("web")));
  const std::string links[] = {"/runtime", "/container", "/creator", "/ids"};
  const auto target = [&](const std::string& link) { return fs::read_symlink(host.directory("web") + link); };
  std::vector<fs::path> before;
  for (const std::string& link : links) before.push_back(target(link));
  REQUIRE(state::amend(
      host.runtime_root(), "web", [](Grant& grant) { grant.image = "other"; }, host.state()));
  CHECK(host.load("web").value()->image == "other");
  CHECK(host.load("web").value()->id == "web");
  for (std::size_t at = 0; at < before.size(); ++at) CHECK(target(links[at]) == before[at]);
  CHECK(mode_of(host.directory("web") + "/grant.json") == 0600);
  CHECK(std::distance(fs::directory_iterator(host.directory("web")), {}) == 5);
  CHECK(state::amend(
      host.runtime_root(), "never", [](Grant&) { FAIL("there is none"); }, host.state()));
  CHECK_FALSE(host.has("never"));
}

TEST_CASE("amend: changes at once follow one another") {
  const Host host;
  Grant grant = host.grant("web");
  grant.image.clear();
  REQUIRE(host.store(grant));
  const auto add = [&](char letter) {
    return testing::start([&, letter] {
      for (int i = 0; i < 50; ++i) {
        if (!state::amend(
                host.runtime_root(), "web", [&](Grant& now) { now.image += letter; }, host.state()))
          return false;
      }
      return true;
    });
  };
  const auto first = add('a'), second = add('b');
  CHECK(testing::succeeded(first));
  CHECK(testing::succeeded(second));
  const std::string image = host.load("web").value()->image;
  CHECK(std::count(image.begin(), image.end(), 'a') == 50);
  CHECK(std::count(image.begin(), image.end(), 'b') == 50);
}

TEST_CASE("remember_runtime: the last one, whatever was there") {
  const Host host;
  const std::string link = host.state() + "/runtime";
  REQUIRE(state::remember_runtime("/usr/sbin/runc", host.state()));
  CHECK(fs::read_symlink(link) == "/usr/sbin/runc");
  REQUIRE(state::remember_runtime("/usr/sbin/runc", host.state()));
  fs::create_symlink("/leftover", host.state() + "/.runtime.new");
  REQUIRE(state::remember_runtime("/usr/bin/crun", host.state()));
  CHECK(fs::read_symlink(link) == "/usr/bin/crun");
  fs::remove(link);
  testing::write_text(link, "a file");
  REQUIRE(state::remember_runtime("/usr/sbin/runc", host.state()));
  CHECK(fs::read_symlink(link) == "/usr/sbin/runc");
  CHECK(std::distance(fs::directory_iterator(host.state()), {}) == 1);
}

TEST_CASE("grants: those of containers that the runtime still knows are listed, by id") {
  const Host host;
  CHECK(state::list(host.state())->empty());
  for (const char* id : {"b", "a", "gone"}) {
    REQUIRE(state::store(host.orphan(id), host.state()));
    host.start_container(id);
  }
  host.delete_container("gone");
  const auto grants = state::list(host.state());
  REQUIRE(grants.has_value());
  REQUIRE(grants->size() == 2);
  CHECK(grants->at(0).id == "a");
  CHECK(grants->at(1).id == "b");
  CHECK(grants->at(0).image == "nginx:1.25");
}

TEST_CASE("grants: one that cannot be read is an error of the list, not a container less") {
  const Host host;
  REQUIRE(state::store(host.orphan("a"), host.state()));
  host.start_container("a");
  testing::write_text(host.directory("a") + "/grant.json", "{");
  CHECK_FALSE(state::list(host.state()));
}
