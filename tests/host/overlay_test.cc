#include "host/overlay.h"

#include "catch.h"

using namespace hardened;
using Layers = std::vector<std::string>;

TEST_CASE("overlay: layers as Docker, Podman and the new mount API write them") {
  const auto docker =
      host::parse_overlay("rw,lowerdir=/d/l/A:/d/l/B,upperdir=/d/x/diff,workdir=/d/x/work,index=off,metacopy=on", "/d");
  CHECK(docker.lower == Layers{"/d/l/A", "/d/l/B"});
  CHECK(docker.upper == "/d/x/diff");
  CHECK(docker.features == Layers{"metacopy=on"});
  const auto relative = host::parse_overlay("ro,lowerdir=l/A:l/B", "/home/overlay2");
  CHECK(relative.lower == Layers{"/home/overlay2/l/A", "/home/overlay2/l/B"});
  CHECK(relative.upper.empty());
  const auto modern = host::parse_overlay("rw,lowerdir+=/a,lowerdir+=/b,upperdir=/u,userxattr", "/d");
  CHECK(modern.lower == Layers{"/a", "/b"});
  CHECK(modern.features == Layers{"userxattr"});
}

TEST_CASE("overlay: escaped names are those of the directories") {
  const auto odd = host::parse_overlay("lowerdir=/a\\054b:/c\\134:d:/e\\040f,upperdir=/g\\134:h", "/d");
  CHECK(odd.lower == Layers{"/a,b", "/c:d", "/e f"});
  CHECK(odd.upper == "/g:h");
  CHECK(host::parse_overlay("", "/d").lower.empty());
}
