#include "generate/writable.h"

#include "catch.h"

using namespace hardened;
using namespace hardened::generate;

namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

// "/a/b" is a file, "/a/b/" a directory.
WritablePlan plan(const std::vector<std::string>& paths, std::uint64_t bytes = 1) {
  std::map<std::string, WrittenPath> writes;
  for (std::string path : paths) {
    const bool is_directory = path.size() > 1 && path.ends_with('/');
    if (is_directory) path.pop_back();
    writes[path] = {bytes, {is_directory ? WriteKind::directory : WriteKind::file}};
  }
  return plan_writable(writes, {"/run", "/tmp", "/var/tmp"});
}

std::vector<std::string> directories(const std::vector<std::string>& paths) {
  std::vector<std::string> result;
  for (const WritableDirectory& directory : plan(paths).directories) result.push_back(directory.path);
  return result;
}

using Paths = std::vector<std::string>;

}  // namespace

TEST_CASE("writable: files become their directory, and what is writable anyway is left out") {
  CHECK(directories({"/var/cache/nginx/a", "/var/cache/nginx/b"}) == Paths{"/var/cache/nginx"});
  CHECK(directories({"/tmp/x", "/var/tmp/y/z", "/run/nginx.pid", "/dev/shm/a", "/proc/x"}).empty());
  CHECK(directories({"/var/tmpx/y"}) == Paths{"/var/tmpx"});
}

TEST_CASE("writable: a directory that was made is one, and one that only holds others is not") {
  CHECK(directories({"/data/made/"}) == Paths{"/data/made"});
  CHECK(directories({"/var/", "/var/lib/", "/var/lib/app/", "/var/lib/app/db"}) == Paths{"/var/lib/app"});
}

TEST_CASE("writable: a directory that the image has below /run is there again, one that the program makes is not") {
  CHECK(directories({"/run/mysqld/"}) == Paths{"/run/mysqld"});
  CHECK(directories({"/run/mysqld/pid", "/run/mysqld/sock"}) == Paths{"/run/mysqld"});
  CHECK(directories({"/run/lock/app/"}) == Paths{"/run/lock/app"});
  CHECK(directories({"/run/made/", "/run/made/pid"}).empty());
  CHECK(directories({"/run/made/", "/run/made/a/", "/run/made/b/", "/run/made/b/pid"}).empty());
  CHECK(directories({"/run/x.pid", "/run/", "/tmp/mysqld/", "/var/tmp/mysqld/sock"}).empty());
  CHECK(plan({"/run/mysqld/"}).unhelped.empty());
}

TEST_CASE("writable: what lies below another is merged into it, but not into a place images share") {
  CHECK(directories({"/data/a", "/data/x/y/b"}) == Paths{"/data"});
  CHECK(directories({"/var/log/messages", "/var/log/nginx/access.log"}) == Paths{"/var/log", "/var/log/nginx"});
}

TEST_CASE("writable: three of one application become their parent, below /var only") {
  CHECK(directories({"/var/lib/app/a/1", "/var/lib/app/b/1", "/var/lib/app/c/1"}) == Paths{"/var/lib/app"});
  CHECK(directories({"/var/lib/app/a/1", "/var/lib/app/b/1"}) == Paths{"/var/lib/app/a", "/var/lib/app/b"});
  CHECK(directories({"/var/lib/a/1", "/var/lib/b/1", "/var/lib/c/1"}).size() == 3);
  CHECK(directories({"/srv/app/a/1", "/srv/app/b/1", "/srv/app/c/1"}).size() == 3);
}

TEST_CASE("writable: never the root, nor a directory of programs or configuration, nor one above them") {
  const Paths hopeless = {
      "/x",          "/etc/nginx/nginx.conf", "/usr/share/app/x", "/usr/local/bin/y", "/bin/sh", "/lib64/z",
      "/opt/app/x",  "/opt/app/bin/x",        "/app/x",           "/home/x",          "/var/x",  "/var/www/html/x",
      "/srv/site/x", "/var/lib/app/bin/x"};
  const WritablePlan result = plan(hopeless);
  CHECK(result.directories.empty());
  for (const std::string& path : hopeless) {
    INFO(path);
    CHECK(result.unhelped.contains(path));
  }
  CHECK(directories({"/opt/app/data/x", "/home/user/.cache/x"}) == Paths{"/home/user/.cache", "/opt/app/data"});
}

TEST_CASE("writable: a path that is not clean makes nothing writable") {
  const WritablePlan result = plan({"/tmp/../etc/x", "/data//x", std::string("/data/\0x/y", 10)});
  CHECK(result.directories.empty());
  CHECK(result.unhelped.size() == 3);
}

TEST_CASE("writable: sizes have headroom, a floor and whole mebibytes, and do not overflow") {
  CHECK(plan({"/data/a"}).directories.front().size == 16 * mebibyte);
  CHECK(plan({"/data/a", "/data/b/c"}, 10 * mebibyte + 1).directories.front().size == 41 * mebibyte);
  const std::uint64_t most = plan({"/data/a", "/data/b"}, UINT64_MAX).directories.front().size;
  CHECK(most == std::uint64_t{1} << 62);
}
