#include "controls/limits.h"

#include <cstdint>
#include <limits>

#include "catch.h"

using namespace hardened;
using namespace hardened::controls;

TEST_CASE("limits: absent, null and 0 ask for nothing") {
  const Spec spec(Json::parse(R"({"a":0,"b":null,"c":-1,"d":7,"e":18446744073709551615,"f":"7"})"));
  CHECK_FALSE(asked(spec, "/a"));
  CHECK_FALSE(asked(spec, "/b"));
  CHECK(asked(spec, "/c") == -1);
  CHECK(asked(spec, "/d") == 7);
  CHECK(asked(spec, "/e") == std::numeric_limits<std::int64_t>::max());
  CHECK_FALSE(asked(spec, "/f"));
  CHECK_FALSE(asked(spec, "/missing"));
}

TEST_CASE("limits: what was granted may be null") {
  CHECK_FALSE(asked(Json(), "/memory/limit"));
  CHECK_FALSE(asked(Json::array({1}), "/0"));
  const Json granted = Json::parse(R"({"memory":{"limit":5,"swap":0},"cpu":{"quota":-1},"big":18446744073709551615})");
  CHECK(asked(granted, "/memory/limit") == 5);
  CHECK_FALSE(asked(granted, "/memory/swap"));
  CHECK(asked(granted, "/cpu/quota") == -1);
  CHECK(asked(granted, "/big") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("limits: unlimited is beyond every max, and a max of 0 is none") {
  CHECK(beyond(-1, 10));
  CHECK(beyond(11, 10));
  CHECK_FALSE(beyond(10, 10));
  CHECK_FALSE(beyond(-1, 0));
  CHECK_FALSE(beyond(std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::uint64_t>::max()));
}

TEST_CASE("limits: the default never exceeds the max") {
  CHECK(fallback_of({.fallback = 5, .max = 10}) == 5);
  CHECK(fallback_of({.fallback = 20, .max = 10}) == 10);
  CHECK(fallback_of({.fallback = 20, .max = 0}) == 20);
  CHECK(saturated(std::numeric_limits<std::uint64_t>::max()) == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("limits: texts name no negative number") {
  CHECK(size_text(-1) == "unlimited");
  CHECK(size_text(1 << 20) == "1MiB");
  CHECK(count_text(-5) == "unlimited");
  CHECK(count_text(12) == "12");
  CHECK(raise_max("cpu") == "to allow it, raise \"max\" of \"limits.cpu\" in the profile");
}
