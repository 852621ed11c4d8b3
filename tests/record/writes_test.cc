#include "record/writes.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "catch.h"
#include "temporary.h"

using namespace hardened;
using record::Write;
namespace fs = std::filesystem;

namespace {

// An upper directory, as overlayfs leaves it.
class Upper {
 public:
  void directory(const std::string& path) const { fs::create_directories(temporary_.path(path)); }
  void file(const std::string& path, const std::string& text) const {
    directory(fs::path(path).parent_path());
    testing::write_text(temporary_.path(path), text);
  }
  void link(const std::string& path, const std::string& target) const {
    fs::create_symlink(target, temporary_.path(path));
  }
  [[nodiscard]] bool whiteout(const std::string& path) const {
    return ::mknod(temporary_.path(path).c_str(), S_IFCHR, makedev(0, 0)) == 0;
  }
  [[nodiscard]] bool copied_up(const std::string& path) const {
    return ::setxattr(temporary_.path(path).c_str(), "trusted.overlay.origin", "x", 1, 0) == 0;
  }
  [[nodiscard]] std::string path(const std::string& name = {}) const { return temporary_.path(name); }
  [[nodiscard]] std::vector<Write> writes(const std::vector<std::string>& mounts = {}) const {
    return record::list_writes(path(), mounts).value().found;
  }

 private:
  testing::TemporaryDirectory temporary_;
};

const std::vector<Write> none;

}  // namespace

TEST_CASE("writes: of nothing there is nothing to list") {
  CHECK(Upper().writes() == none);
}

TEST_CASE("writes: files with their size, directories, links and pipes, sorted by path") {
  const Upper upper;
  upper.file("var/lib/app/data", "12345");
  upper.link("var/lib/a", "/etc/shadow");
  upper.directory("srv");
  REQUIRE(::mkfifo(upper.path("pipe").c_str(), 0600) == 0);
  CHECK(upper.writes() == std::vector<Write>{{"/pipe", "other"},
                                             {"/srv", "directory"},
                                             {"/var", "directory"},
                                             {"/var/lib", "directory"},
                                             {"/var/lib/a", "other"},
                                             {"/var/lib/app", "directory"},
                                             {"/var/lib/app/data", "file", 5}});
}

TEST_CASE("writes: a link is never followed, not even as the upper directory itself") {
  const Upper upper;
  const Upper elsewhere;
  elsewhere.file("secret", "x");
  upper.link("way", elsewhere.path());
  CHECK(upper.writes() == std::vector<Write>{{"/way", "other"}});
  CHECK_FALSE(record::list_writes(upper.path("way"), {}));
}

TEST_CASE("writes: the engine's own files are left out, and the directories that only lead to them") {
  const Upper upper;
  for (const char* name : {"etc/hosts", "etc/hostname", "etc/resolv.conf", "etc/mtab", "dev/console", "proc/x", "sys/x",
                           "run/.containerenv", ".dockerenv"})
    upper.file(name, "x");
  CHECK(upper.writes() == none);
  upper.file("etc/hosts.allow", "x");
  CHECK(upper.writes() == std::vector<Write>{{"/etc/hosts.allow", "file", 1}});
}

TEST_CASE("writes: mount points are left out with all below them, however they are spelled") {
  const Upper upper;
  upper.file("data/below", "x");
  upper.file("deep/er/mount/below", "x");
  upper.file("database", "x");
  CHECK(upper.writes({"/data/", "//deep/er/./mount"}) == std::vector<Write>{{"/database", "file", 1}});
}

TEST_CASE("writes: what was removed is told from what was made") {
  const Upper upper;
  upper.directory("opt");
  if (!upper.whiteout("opt/tool")) {
    WARN("whiteouts cannot be made here");
    return;
  }
  CHECK(upper.writes() == std::vector<Write>{{"/opt", "directory"}, {"/opt/tool", "removed"}});
}

TEST_CASE("writes: a directory of the image counts only where nothing in it does") {
  const Upper upper;
  upper.file("var/cache/app/x", "x");
  upper.directory("var/spool");
  for (const char* directory : {"var", "var/cache", "var/spool"}) {
    if (!upper.copied_up(directory)) {
      WARN("attributes of overlayfs cannot be set here");
      return;
    }
  }
  CHECK(upper.writes() == std::vector<Write>{{"/var/cache/app", "directory"},
                                             {"/var/cache/app/x", "file", 1},
                                             {"/var/spool", "directory"}});
}

TEST_CASE("writes: directories too deep to list are said to be missing") {
  const Upper upper;
  std::string path = "d";
  for (int depth = 0; depth < 150; ++depth) path += "/d";
  upper.directory(path);
  const auto writes = record::list_writes(upper.path(), {});
  REQUIRE(writes);
  CHECK(writes->lost == std::vector<std::string>{"directories were written deeper than are listed"});
}

TEST_CASE("writes: more files than are listed are said to be missing, once") {
  const Upper upper;
  for (const char* directory : {"a", "b"}) {
    upper.directory(directory);
    for (int i = 0; i < 10100; ++i) upper.link(std::string(directory) + "/" + std::to_string(i), "x");
  }
  const auto writes = record::list_writes(upper.path(), {});
  REQUIRE(writes);
  CHECK(writes->lost == std::vector<std::string>{"more was written than is listed"});
  CHECK(writes->found.size() >= 20000);
}

TEST_CASE("writes: empty directories count as well: they cost as much to look at") {
  const Upper upper;
  for (int i = 0; i < 20100; ++i) upper.directory("d/" + std::to_string(i));
  const auto writes = record::list_writes(upper.path(), {});
  REQUIRE(writes);
  CHECK(writes->lost == std::vector<std::string>{"more was written than is listed"});
}

TEST_CASE("writes: long paths are listed up to some megabytes in all, however few they are") {
  const Upper upper;
  std::string deep = std::string(250, 'd');
  for (int depth = 0; depth < 10; ++depth) deep += "/" + std::string(250, 'd');  // 2.7 KiB, below PATH_MAX
  upper.directory(deep);
  for (int i = 0; i < 3000; ++i) upper.link(deep + "/" + std::to_string(i), "x");
  const auto writes = record::list_writes(upper.path(), {});
  REQUIRE(writes);
  CHECK(writes->lost == std::vector<std::string>{"more was written than is listed"});
  std::size_t bytes = 0;
  for (const Write& write : writes->found) bytes += write.path.size();
  CHECK(bytes > (std::size_t{3} << 20));
  CHECK(bytes <= (std::size_t{4} << 20));
}

TEST_CASE("writes: a sparse file is as large as what is stored of it") {
  const Upper upper;
  upper.file("sparse", "begin");
  REQUIRE(::truncate(upper.path("sparse").c_str(), off_t{1} << 40) == 0);
  const auto writes = upper.writes();
  REQUIRE(writes.size() == 1);
  CHECK(writes.front().bytes.value() <= 65536);
}

TEST_CASE("writes: an upper directory that is gone is an error") {
  CHECK_FALSE(record::list_writes("/no/such/directory", {}));
}
