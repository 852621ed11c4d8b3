// Parents that a change makes because they are missing.
#include "catch.h"
#include "oci/change.h"

using hardened::Json;
using hardened::oci::Change;
namespace oci = hardened::oci;

namespace {

Json applied(const char* document, const Change& change) {
  Json result = Json::parse(document);
  REQUIRE(oci::apply(result, change));
  return result;
}

}  // namespace

TEST_CASE("change: a member of a set, or an appended element, makes the missing list; anything else an object") {
  const Change member{"/options/size", {}, "size=1m"};
  const Change path{"/linux/maskedPaths/~1proc~1kcore", {}, "/proc/kcore"};
  const Change element{"/mounts/-", {}, Json{{"destination", "/tmp"}}};
  const Change value{"/root/readonly", {}, true};
  const Change text{"/linux/rootfsPropagation", {}, "private"};
  for (const char* empty : {"{}", R"({"options":null,"mounts":null,"root":null,"linux":null})"}) {
    CHECK(applied(empty, member)["options"] == Json::array({"size=1m"}));
    CHECK(applied(empty, path)["linux"]["maskedPaths"] == Json::array({"/proc/kcore"}));
    CHECK(applied(empty, element)["mounts"] == Json::array({Json{{"destination", "/tmp"}}}));
    CHECK(applied(empty, value)["root"] == Json{{"readonly", true}});
    CHECK(applied(empty, text)["linux"] == Json{{"rootfsPropagation", "private"}});
  }
}
