#include "policy/extend.h"

#include <map>

#include "catch.h"
#include "policy/load.h"
#include "policy/site.h"

using namespace hardened;
using namespace hardened::policy;

namespace {

using Documents = std::map<std::string, std::string>;

// `documents` are the site's; "strict" is ours.
Result<Profile> resolve_in(const Documents& documents, const std::string& name) {
  std::vector<std::string> names = {"strict"};
  for (const auto& [key, text] : documents) names.push_back(key);
  std::sort(names.begin(), names.end());
  const Known known = site::known();
  const ProfileSource source{.read =
                                 [&documents](const std::string& wanted) {
                                   const auto found = documents.find(wanted);
                                   return Document::parse(wanted + ".json",
                                                          found == documents.end()
                                                              ? R"({"name": "strict", "rootfs_size": 1024,
          "limits": {"pids": {"default": 10, "max": 20}}, "seccomp": {"allow": ["not-checked"]}})"
                                                              : found->second);
                                 },
                             .is_shipped = [](const std::string& wanted) { return wanted == "strict"; }};
  return resolve(name, source, {.known = &known, .profiles = names, .waivers = {}});
}

std::string error_of(const Documents& documents, const std::string& name) {
  const auto resolved = resolve_in(documents, name);
  return resolved ? "resolved" : resolved.error().message;
}

}  // namespace

TEST_CASE("extends: objects are merged member by member, everything else replaces") {
  const auto profile =
      resolve_in({{"web", R"({"name": "web", "extends": "strict", "limits": {"pids": {"max": 30}},
                                       "seccomp": {"errno": "EACCES"}, "groups": ["video", "audio"]})"},
                  {"cam", R"({"name": "cam", "extends": "web", "groups": ["video"], "rootfs_size": "2KiB",
                                       "seccomp": {"allow": ["read"]}})"}},
                 "cam");
  REQUIRE(profile);
  CHECK(profile->name == "cam");
  CHECK(profile->limits.pids == Limit<std::uint64_t>{10, 30});
  CHECK(profile->seccomp.denied == "EACCES");
  CHECK(profile->seccomp.allow == std::vector<std::string>{"read"});
  CHECK(profile->groups == std::vector<std::string>{"video"});
  CHECK(profile->rootfs_size == 2048);
}

TEST_CASE("extends: the merged document says the same as the profile") {
  const auto profile =
      resolve_in({{"web", R"({"$schema": "x", "name": "web", "limits": {"pids": {"max": 30}}, "writable":
                                       [{"path": "/a"}], "description": "d", "user": {"root": "refuse"}})"}},
                 "web");
  REQUIRE(profile);
  const auto again = decode_profile(profile->document);
  REQUIRE(again);
  CHECK(*again == *profile);
  CHECK_FALSE(profile->document.contains("extends"));
  CHECK_FALSE(profile->document.contains("$schema"));
  CHECK(profile->document["limits"]["pids"] == Json::parse(R"({"default": 10, "max": 30})"));
}

TEST_CASE("extends: a site's profile that extends nothing extends strict") {
  const auto profile = resolve_in({{"web", R"({"name": "web"})"}}, "web");
  REQUIRE(profile);
  CHECK(profile->limits.pids.max == 20);
}

TEST_CASE("extends: circles and towers are refused") {
  CHECK(error_of({{"a", "{\"name\": \"a\",\n\"extends\": \"a\"}"}}, "a") ==
        "a.json:2: cannot extend \"a\": it runs in a circle: a → a");
  CHECK(error_of({{"a", R"({"name": "a", "extends": "b"})"},
                  {"b", R"({"name": "b", "extends": "c"})"},
                  {"c", R"({"name": "c", "extends": "b"})"}},
                 "a") == "c.json:1: cannot extend \"b\": it runs in a circle: a → b → c → b");
  Documents tower;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "p" + std::to_string(i);
    tower[name] = R"({"name": ")" + name + R"(", "extends": "p)" + std::to_string(i + 1) + "\"}";
  }
  tower["p12"] = R"({"name": "p12"})";
  CHECK(error_of(tower, "p0") == "p7.json:1: cannot extend \"p8\": more than 8 profiles deep");
  CHECK(error_of(tower, "p6") == "resolved");
}

TEST_CASE("extends: an error in what is extended names that file") {
  CHECK(error_of({{"a", R"({"name": "a", "extends": "b"})"}, {"b", "{\"name\": \"b\",\n\"rootfs\": 1}"}}, "a") ==
        "b.json:2: cannot use 1 as \"rootfs\": text is needed");
  CHECK(error_of({{"a", R"({"name": "a", "extends": 7})"}}, "a") ==
        "a.json:1: cannot use 7 as \"extends\": text is needed");
}

TEST_CASE("extends: a limit below the inherited default is refused where it is set") {
  CHECK(error_of({{"a", "{\"name\": \"a\", \"limits\": {\n\"pids\": {\"max\": 5}}}"}}, "a") ==
        "a.json:2: cannot use an object as \"pids\": \"default\" (10) is above \"max\" (5)");
}
