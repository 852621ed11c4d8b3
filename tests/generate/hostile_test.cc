// A training log is written by root, but what is in it was chosen by the container.
#include "catch.h"
#include "generate/samples.h"
#include "oci/strict_json.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

constexpr char evil[] = "/data/\n\"], \"rootfs\": \"persistent\", /* \x1b[2J\xe2\x80\xae*/\r\xc2\x85x";

Json hostile_run() {
  Json run = sample_run();
  for (const char* member : {"image", "engine", "runtime", "kernel", "container", "profile"}) run[member] = evil;
  run["writes"] = Json::array({{{"path", std::string(evil) + "/f"}, {"kind", "file"}, {"bytes", 1}},
                               {{"path", std::string("/etc/") + evil}, {"kind", "file"}, {"bytes", 1}}});
  run["capabilities"] =
      Json::array({{{"capability", "CAP_SETUID"}, {"syscall", evil}, {"granted", true}, {"count", 1}},
                   {{"capability", "CAP_CHOWN"}, {"syscall", evil}, {"granted", false}, {"count", 1}}});
  run["arguments"].push_back({{"syscall", evil}, {"index", 0}, {"values", {1}}});
  run["lost"] = {evil};
  run["complete"] = false;
  return run;
}

}  // namespace

TEST_CASE("hostile: nothing of a log ends a comment or a string, or reaches a terminal") {
  const auto draft = draft_of(evidence_of({hostile_run()}, {.incomplete = true}));
  const std::string text = generate::rendered(draft);
  for (const char c : text) CHECK(((c >= ' ' && c <= '~') || c == '\n'));
  const auto parsed = oci::parse_strict(text, "x", {.comments = true});
  REQUIRE(parsed);
  CHECK(parsed->value == draft.document);
  for (const std::string& warning : draft.warnings) CHECK(warning.find_first_of("\n\r\x1b") == std::string::npos);
}

TEST_CASE("hostile: the profile means what it meant") {
  const auto profile = profile_of(draft_of(evidence_of({hostile_run()}, {.incomplete = true})));
  REQUIRE(profile);
  CHECK(profile->rootfs == policy::Rootfs::read_only);
  REQUIRE(profile->writable.size() == 1);
  CHECK(profile->writable.front().path == evil);
}

TEST_CASE("rendered: comments themselves are made harmless, wherever they are from") {
  generate::Draft draft;
  draft.document = {{"a", {1, 2}}, {"b", {{"c", Json::array()}}}};
  draft.header = {"one\n\"x\": 1", ""};
  draft.comments = {{"/a/1", "two\nthree"}, {"/b", "\xe2\x80\xa8"}};
  CHECK(generate::rendered(draft) ==
        "// one?\"x\": 1\n//\n{\n  \"a\": [\n    1,\n    2  // two?three\n  ],\n  \"b\": {\n    \"c\": []\n  }  // "
        "???\n}\n");
}

TEST_CASE("rendered: long lists are wrapped, long texts in comments cut") {
  generate::Draft draft;
  draft.document = {{"list", std::vector<std::string>(40, "word")}};
  const std::string text = generate::rendered(draft);
  std::size_t longest = 0;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    longest = std::max(longest, end - at);
  CHECK(longest <= 111);
  CHECK(oci::parse_strict(text, "x")->value == draft.document);
  CHECK(generate::in_comment(std::string(1000, 'x')).size() < 200);
}
