#include "oci/change.h"

#include "catch.h"

using namespace hardened;
using oci::Change;

namespace {

std::optional<Json> value(const char* text) {
  return text == nullptr ? std::nullopt : std::optional<Json>(Json::parse(text));
}

}  // namespace

TEST_CASE("find: pointers into objects, arrays and sets of strings; null counts as absent") {
  const Json document = Json::parse(R"({"a":{"b":[10,20,{"c":true}]},"s":["ro","size=64m","mode=1777"],"n":null,
    "x/y":1,"x~y":2,"~1":3,"":{"":4},"0":"zero"})");
  struct Row {
    const char* pointer;
    const char* expected;  // nullptr: absent
  };
  const Row rows[] = {
      {"/a/b/1", "20"},
      {"/a/b/2/c", "true"},
      {"/a/b/3", nullptr},
      {"/a/b/-", nullptr},
      {"/a/b/x", nullptr},
      {"/a/b/0/x", nullptr},
      {"/s/ro", "\"ro\""},
      {"/s/size", "\"size=64m\""},
      {"/s/siz", nullptr},
      {"/s/size=64m", nullptr},
      {"/s/1", "\"size=64m\""},
      {"/n", nullptr},
      {"/n/x", nullptr},
      {"/x~1y", "1"},
      {"/x~0y", "2"},
      {"/~01", "3"},
      {"//", "4"},
      {"/0", "\"zero\""},
      {"/missing", nullptr},
      {"/a/b/99999999999999999999999", nullptr},
  };
  for (const Row& row : rows) {
    INFO(row.pointer);
    const Json* found = oci::find(document, row.pointer);
    REQUIRE((found != nullptr) == (row.expected != nullptr));
    if (found != nullptr) CHECK(found->dump() == row.expected);
  }
  CHECK(oci::find(document, "") == &document);
  CHECK(oci::find(Json(), "") == nullptr);
}

TEST_CASE("apply: sets, replaces and removes, and leaves order and everything else alone") {
  struct Row {
    const char* sentence;
    const char* document;
    const char* pointer;
    const char* before;
    const char* after;
    const char* expected;  // nullptr: an error
  };
  const Row rows[] = {
      {"a member is replaced in place", R"({"z":1,"a":2,"m":3})", "/a", "2", "9", R"({"z":1,"a":9,"m":3})"},
      {"a member is removed", R"({"z":1,"a":2,"m":3})", "/a", "2", nullptr, R"({"z":1,"m":3})"},
      {"a new member comes last", R"({"z":1})", "/a", nullptr, "2", R"({"z":1,"a":2})"},
      {"null counts as absent", R"({"z":null})", "/z", nullptr, "2", R"({"z":2})"},
      {"missing parents are made", R"({})", "/a/b/c", nullptr, "1", R"({"a":{"b":{"c":1}}})"},
      {"a null parent is made an object", R"({"a":null})", "/a/b", nullptr, "1", R"({"a":{"b":1}})"},
      {"an escaped name is one member", R"({"a/b":1})", "/a~1b", "1", "2", R"({"a/b":2})"},
      {"an element is replaced", R"({"l":[1,2,3]})", "/l/1", "2", "9", R"({"l":[1,9,3]})"},
      {"an element is removed", R"({"l":[1,2,3]})", "/l/1", "2", nullptr, R"({"l":[1,3]})"},
      {"an element is inserted before another", R"({"l":[1,2]})", "/l/1", nullptr, "9", R"({"l":[1,9,2]})"},
      {"an element is inserted at the end", R"({"l":[1,2]})", "/l/2", nullptr, "9", R"({"l":[1,2,9]})"},
      {"an element is appended", R"({"l":[1,2]})", "/l/-", nullptr, "9", R"({"l":[1,2,9]})"},
      {"appending to an absent list makes the list", R"({"l":{}})", "/l/k/-", nullptr, "9", R"({"l":{"k":[9]}})"},
      {"appending to a null list makes the list", R"({"l":null})", "/l/-", nullptr, "9", R"({"l":[9]})"},
      {"a member of a set is added", R"({"s":["a"]})", "/s/b", nullptr, "\"b\"", R"({"s":["a","b"]})"},
      {"a member of a set is removed", R"({"s":["a","b"]})", "/s/a", "\"a\"", nullptr, R"({"s":["b"]})"},
      {"every spelling of an option goes", R"({"s":["size=1m","ro","size=9g"]})", "/s/size", "\"size=1m\"",
       "\"size=2m\"", R"({"s":["ro","size=2m"]})"},
      {"every repetition goes", R"({"s":["suid","ro","suid"]})", "/s/suid", "\"suid\"", nullptr, R"({"s":["ro"]})"},
      {"a path with an equals sign is another path", R"({"s":["/a=b"]})", "/s/~1a", nullptr, "\"/a\"",
       R"({"s":["/a=b","/a"]})"},
      {"below an element of a list", R"({"m":[{"o":["rw"]}]})", "/m/0/o/rw", "\"rw\"", nullptr, R"({"m":[{"o":[]}]})"},

      {"before is something else", R"({"a":2})", "/a", "3", "9", nullptr},
      {"before is claimed but absent", R"({})", "/a", "3", "9", nullptr},
      {"before is not claimed but there", R"({"a":2})", "/a", nullptr, "9", nullptr},
      {"before of a set's member differs", R"({"s":["size=1m"]})", "/s/size", "\"size=2m\"", nullptr, nullptr},
      {"a set's member is there already", R"({"s":["a"]})", "/s/a", nullptr, "\"a\"", nullptr},
      {"the whole document", R"({"a":1})", "", R"({"a":1})", "{}", nullptr},
      {"below a value", R"({"a":1})", "/a/b", nullptr, "1", nullptr},
      {"below a missing element", R"({"l":[]})", "/l/0/x", nullptr, "1", nullptr},
      {"beyond the end of a list", R"({"l":[1]})", "/l/2", nullptr, "9", nullptr},
      {"removing beyond the end", R"({"l":[1]})", "/l/1", nullptr, nullptr, nullptr},
      {"removing what is appended", R"({"l":[1]})", "/l/-", nullptr, nullptr, nullptr},
      {"replacing what is appended", R"({"l":[1]})", "/l/-", "1", "2", nullptr},
      {"an index too large for any list", R"({"l":[1]})", "/l/99999999999999999999999", "1", "2", nullptr},
  };
  for (const Row& row : rows) {
    INFO(row.sentence);
    Json document = Json::parse(row.document);
    const Status applied = oci::apply(document, {row.pointer, value(row.before), value(row.after)});
    REQUIRE(applied.has_value() == (row.expected != nullptr));
    if (row.expected != nullptr) {
      CHECK(document.dump() == row.expected);
    } else {
      CHECK(applied.error().code == Code::internal);
      CHECK(applied.error().message.starts_with("cannot change "));
    }
  }
}

TEST_CASE("apply: a change and its reverse give the document back") {
  const Json original =
      Json::parse(R"({"process":{"env":["A=1"],"noNewPrivileges":false},"mounts":[{"type":"bind"}]})");
  const Change changes[] = {{"/process/noNewPrivileges", Json(false), Json(true)},
                            {"/mounts/0/type", Json("bind"), Json("tmpfs")},
                            {"/process/env/A", Json("A=1"), Json("A=2")}};
  Json document = original;
  for (const Change& change : changes) REQUIRE(oci::apply(document, change));
  CHECK(document != original);
  for (const Change& change : changes) REQUIRE(oci::apply(document, {change.pointer, change.after, change.before}));
  CHECK(document == original);
}

TEST_CASE("owned: a pattern covers its pointer and what lies below, and inserting only by '-'") {
  struct Row {
    const char* pattern;
    const char* pointer;
    bool inserts;
    bool owned;
  };
  const Row rows[] = {
      {"/process/noNewPrivileges", "/process/noNewPrivileges", false, true},
      {"/process/noNewPrivileges", "/process/noNewPrivileges", true, true},
      {"/process/noNewPrivileges", "/process/noNewPrivilegesX", false, false},
      {"/process/noNewPrivileges", "/process", false, false},
      {"/process/capabilities", "/process/capabilities/bounding/CAP_CHOWN", false, true},
      {"/process/capabilities/*/CAP_CHOWN", "/process/capabilities/bounding/CAP_CHOWN", false, true},
      {"/process/capabilities/*/CAP_CHOWN", "/process/capabilities/bounding/CAP_KILL", false, false},
      {"/mounts/*/options/ro", "/mounts/3/options/ro", false, true},
      {"/mounts/*/options/ro", "/mounts/3/options/rw", false, false},
      {"/mounts/*/options/*", "/mounts/3/options/nosuid", true, true},
      {"/mounts/*", "/mounts/3", false, true},
      {"/mounts/*", "/mounts/3", true, false},
      {"/mounts/*", "/mounts/-", true, false},
      {"/mounts/-", "/mounts/-", true, true},
      {"/mounts/-", "/mounts/3", true, true},
      {"/mounts/-", "/mounts/3", false, false},
      {"/mounts/-", "/mounts/3/options", false, false},
      {"/mounts", "/mounts/-", true, true},
      {"", "/anything", false, true},
      {"/a~1b", "/a~1b", false, true},
      {"/a", "/a~1b", false, false},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " on " << (row.inserts ? "inserting " : "changing ") << row.pointer);
    const Change change{row.pointer, row.inserts ? std::nullopt : std::optional<Json>(1), Json(2)};
    CHECK(oci::owned(row.pattern, change) == row.owned);
  }
}

TEST_CASE("overlap: two patterns that one change could match") {
  struct Row {
    const char* a;
    const char* b;
    bool overlap;
  };
  const Row rows[] = {
      {"/process/user", "/process/user", true},
      {"/process/user", "/process/user/uid", true},
      {"/process/user", "/process/users", false},
      {"/mounts/*/options/ro", "/mounts/*/options/nosuid", false},
      {"/mounts/*/options/*", "/mounts/*/options/nosuid", true},
      {"/mounts/-", "/mounts/*", false},
      {"/mounts/-", "/mounts/*/options", false},
      {"/mounts/-", "/mounts/-", true},
      {"/mounts", "/mounts/-", true},
      {"/mounts/*/type", "/mounts/3/options", false},
      {"/a/*/c", "/a/b/*", true},
      {"", "/anything", true},
  };
  for (const Row& row : rows) {
    INFO(row.a << " and " << row.b);
    CHECK(oci::overlap(row.a, row.b) == row.overlap);
    CHECK(oci::overlap(row.b, row.a) == row.overlap);
  }
}
