#include "host/walk.h"

#include <fcntl.h>

#include <filesystem>

#include "catch.h"
#include "temporary.h"
#include "util/fd.h"

using namespace hardened;
namespace fs = std::filesystem;
using testing::TemporaryDirectory;

namespace {

// An image with links of every kind.
class Image {
 public:
  Image() {
    for (const char* directory : {"dev", "var/run", "srv/deep", "etc"}) fs::create_directories(root_.path(directory));
    link("/dev", "d");
    link("../dev", "var/up");
    link("/../../../..", "top");
    link("d", "chain");
    link("loop", "loop");
    link("../run/resolve/stub", "etc/resolv.conf");
    link("/", "srv/deep/root");
  }
  [[nodiscard]] Result<std::string> walk(const std::string& path) const {
    const auto root = open_at(AT_FDCWD, root_.path(), O_PATH | O_DIRECTORY);
    return host::walk(root->get(), path);
  }
  [[nodiscard]] bool crosses(const std::string& path) const {
    const auto root = open_at(AT_FDCWD, root_.path(), O_PATH | O_DIRECTORY);
    return host::crosses_link(root->get(), path).value();
  }

 private:
  void link(const char* target, const char* name) const { fs::create_symlink(target, root_.path(name)); }
  TemporaryDirectory root_;
};

}  // namespace

TEST_CASE("walk: links lead where they lead inside of the root, never out of it") {
  const Image image;
  for (const auto& [path, end] : {std::pair{"/d", "/dev"},
                                  {"/d/null", "/dev/null"},
                                  {"chain/shm", "/dev/shm"},
                                  {"/var/up", "/dev"},
                                  {"/var/up/../x", "/x"},
                                  {"/top/etc", "/etc"},
                                  {"/srv/deep/root/d", "/dev"},
                                  {"/../../etc//./", "/etc"},
                                  {"/etc/resolv.conf", "/run/resolve/stub"},  // dangling: where it would be made
                                  {"/none/../d", "/dev"},
                                  {"/none/d", "/none/d"},
                                  {"/", "/"},
                                  {"", "/"}}) {
    INFO(path);
    const auto found = image.walk(path);
    REQUIRE(found);
    CHECK(*found == end);
  }
  CHECK(image.walk("/loop").error().code == Code::policy);
  CHECK_FALSE(image.walk("/loop/x"));
}

TEST_CASE("walk: every link is reported with its directory") {
  const Image image;
  TemporaryDirectory root;
  fs::create_directories(root.path("a/b"));
  fs::create_symlink("b", root.path("a/one"));
  fs::create_symlink("/a/one", root.path("two"));
  const auto fd = open_at(AT_FDCWD, root.path(), O_PATH | O_DIRECTORY);
  std::vector<std::string> directories;
  CHECK(host::walk(fd->get(), "/two/x", [&](const std::string& directory, int) {
          directories.push_back(directory);
        }).value() == "/a/b/x");
  CHECK(directories == std::vector<std::string>{"/", "/a"});
}

TEST_CASE("walk: a link anywhere on a way is noticed, a missing end is none") {
  const Image image;
  CHECK(image.crosses("d"));
  CHECK(image.crosses("d/null"));
  CHECK(image.crosses("loop"));
  CHECK_FALSE(image.crosses("srv/deep"));
  CHECK_FALSE(image.crosses("srv/none"));
}
