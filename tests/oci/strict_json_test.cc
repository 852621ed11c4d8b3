#include "oci/strict_json.h"

#include "catch.h"

using hardened::oci::parse_strict;

TEST_CASE("strict JSON: order, unknown members and 64-bit numbers survive a round trip") {
  const std::string text =
      R"({"z":1,"a":{"x":18446744073709551615,"y":-9223372036854775808},"f":1.5,"l":[null,true,"é"]})";
  const auto parsed = parse_strict(text, "t");
  REQUIRE(parsed);
  CHECK(parsed->value.dump() == text);
}

TEST_CASE("strict JSON: what readers could read differently is refused, with the line") {
  struct Row {
    const char* text;
    const char* message;
  };
  const Row rows[] = {
      {R"({"a":1,"a":2})", "t:1: cannot read: the member \"a\" appears twice"},
      {"{\"a\":\n18446744073709551616\n}", "t:2: cannot read: the number 18446744073709551616 does not fit 64 bits"},
      {"{}\n{}", "t:2: cannot read"},
      {"{\"a\":\"\xff\"}", "t:1: cannot read"},
      {"{\"a\":1e999}", "t:1: cannot read"},
      {R"({"a":"/etc\u0000/harmless"})", "t:1: cannot read: a NUL character in a string"},
      {R"({"a\u0000":1})", "t:1: cannot read: a NUL character in a string"},
      {"", "t:1: cannot read"},
      {"\xEF\xBB\xBF{}", "t:1: cannot read: it begins with a byte order mark"},
      {"{// no comments\n}", "t:1: cannot read"},
  };
  for (const Row& row : rows) {
    const auto parsed = parse_strict(row.text, "t");
    INFO(row.text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.find(row.message) == 0);
  }
  const auto ended = parse_strict(std::string_view("{}\n\0{}", 6), "t");
  REQUIRE_FALSE(ended);
  CHECK(ended.error().message == "t:2: cannot read: a NUL byte");
}

TEST_CASE("strict JSON: depth and size are bounded") {
  CHECK_FALSE(parse_strict(std::string(65, '[') + std::string(65, ']'), "t"));
  CHECK(parse_strict(std::string(64, '[') + std::string(64, ']'), "t"));
  CHECK_FALSE(parse_strict("\"" + std::string((8U << 20), 'x') + "\"", "t"));
}

TEST_CASE("strict JSON: comments and lines, for our own files") {
  const auto parsed =
      parse_strict("{ // first\n \"a\": [1,\n2], /* x */\n\"b/c\": {}\n}", "t", {.comments = true, .lines = true});
  REQUIRE(parsed);
  CHECK(parsed->lines.at("/a") == 2);
  CHECK(parsed->lines.at("/a/1") == 3);
  CHECK(parsed->lines.at("/b~1c") == 4);
}
