#include "state/grant.h"

#include "catch.h"
#include "example.h"

using namespace hardened;
using state::decode;
using state::encode;
using state::Grant;

TEST_CASE("grant: what is written reads back the same") {
  const Grant grant = testing::example("/run/runc", "web");
  const auto read = decode(encode(grant), "g");
  REQUIRE(read);
  CHECK(encode(*read) == encode(grant));
  CHECK(read->runtime_root == "/run/runc");
  CHECK(read->id == "web");
  CHECK(read->runtime == "/usr/sbin/runc");
  CHECK(read->profile == grant.profile);
  CHECK(read->levels == grant.levels);
  REQUIRE(read->waivers.size() == 1);
  CHECK(read->waivers[0].control == "engine-sockets");
  CHECK(read->waivers[0].allow == std::vector<std::string>{"/var/run/docker.sock", "/run/*"});
  CHECK(read->waivers[0].reason == "reads labels");
  CHECK(read->mode == policy::Mode::audit);
  CHECK(read->audit.refuse_when_unwritable);
  CHECK(read->audit.syslog);
  CHECK(read->policy_digest == "d1gest");
  CHECK(read->process.dump() == grant.process.dump());
  CHECK(read->resources.dump() == grant.resources.dump());
  CHECK(read->raised == grant.raised);
  CHECK(read->engine == "docker");
  CHECK(read->image == "nginx:1.25");
  CHECK(read->building);
  CHECK(read->approved);
}

TEST_CASE("grant: one without rules, process or resources") {
  const auto read = decode(encode(Grant{}), "g");
  REQUIRE(read);
  CHECK(read->levels.empty());
  CHECK(read->waivers.empty());
  CHECK(read->mode == policy::Mode::enforce);
  CHECK(read->process.is_null());
  CHECK(read->resources.is_null());
  CHECK(read->raised.is_null());
}

TEST_CASE("grant: what was not written by us is not believed") {
  const Json good = Json::parse(encode(testing::example("/run/runc", "web")));
  struct Row {
    const char* sentence;
    const char* pointer;
    const char* value;  // nullptr: removed
  };
  const Row rows[] = {
      {"another version", "/version", "2"},
      {"a raised limit that is no number", "/raised", R"({"pids":{"limit":"256"}})"},
      {"a raised limit of something else", "/raised", R"({"devices":[]})"},
      {"a version that is no number", "/version", "\"1\""},
      {"an unknown level", "/levels/memory", "\"lenient\""},
      {"a level that is no word", "/levels/memory", "1"},
      {"an unknown mode", "/mode", "\"off\""},
      {"no mode", "/mode", nullptr},
      {"a mode that is null", "/mode", "null"},
      {"no process", "/process", nullptr},
      {"no levels", "/levels", nullptr},
      {"waivers that are no list", "/waivers", "{}"},
      {"a waiver with a wrong member", "/waivers/0/allow", "\"*\""},
      {"an unknown member", "/extra", "1"},
      {"an id that is no text", "/id", "7"},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    Json bad = good;
    const Json::json_pointer pointer(row.pointer);
    if (row.value != nullptr) {
      bad[pointer] = Json::parse(row.value);
    } else {
      bad[pointer.parent_pointer()].erase(pointer.back());
    }
    const auto read = decode(bad.dump(), "g");
    REQUIRE_FALSE(read);
    CHECK(read.error().message.starts_with("cannot read g: "));
  }
  const std::string text = good.dump();
  CHECK(decode(text, "g"));
  for (const std::string& cut : {std::string(), text.substr(0, text.size() / 2), text + "{}", std::string("null")}) {
    INFO(cut.size());
    CHECK_FALSE(decode(cut, "g"));
  }
}

TEST_CASE("grant directory: one for each root and id, whatever they hold") {
  using state::grant_directory;
  const std::string usual = grant_directory("/run/hardened", "/run/runc", "web");
  CHECK(usual.substr(usual.rfind('/') + 3) == "=run=runc@web");
  CHECK(usual.substr(0, usual.rfind('/')) == "/run/hardened/grants/" + usual.substr(usual.rfind('/') + 1, 2));
  CHECK(grant_directory("/run/hardened", "/run/runc", "w b") ==
        "/run/hardened/grants/" + sha256_hex(std::string("/run/runc\0w b", 13)).substr(0, 2) + "/" +
            sha256_hex(std::string("/run/runc\0w b", 13)).substr(0, 40));
  for (const char* other : {"a@b", "a=b", "a/b", "", "\xff", "a,b"})
    CHECK(grant_directory("/s", "/r", other).size() == std::string("/s/grants/ab/").size() + 40);
  CHECK(grant_directory("/s", "r", "web").size() == std::string("/s/grants/ab/").size() + 40);
  for (std::size_t root = 190; root <= 205; ++root) {
    for (const std::size_t id : {1U, 2U, 5U, 64U, 900U, 20000U}) {
      INFO(root << " " << id);
      const std::string directory = grant_directory("/s", "/" + std::string(root - 1, 'a'), std::string(id, 'b'));
      CHECK((directory.find('@') != std::string::npos) == (root + id + 3 <= 200));
      CHECK(directory.size() <= std::string("/s/grants/ab/").size() + 200);
    }
  }
  for (const std::size_t size : {194U, 195U, 196U, 197U, 300U}) {
    const std::string id(size, 'x');
    CHECK((grant_directory("/s", "/r", id).find(id) != std::string::npos) == (size + 2 + 3 <= 200));
  }
  CHECK(grant_directory("/s", "/run/runc", "web") != grant_directory("/s", "/run/crun", "web"));
  CHECK(grant_directory("/s", "/run/a", "bc") != grant_directory("/s", "/run/ab", "c"));
  const std::string hostile = grant_directory("/s", "/r", "../../etc");
  CHECK(hostile.size() == std::string("/s/grants/ab/").size() + 40);
  CHECK(hostile.find("..") == std::string::npos);
}
