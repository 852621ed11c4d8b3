#include "ctl/output.h"

#include "catch.h"

using namespace hardened;

TEST_CASE("output: JSON says what a terminal would obey by its number, and reads back as the same") {
  struct Row {
    const char* text;
    const char* escaped;
  };
  const Row rows[] = {
      {"plain ü €", R"("plain ü €")"},
      {"\x1b[2J", R"("\u001b[2J")"},
      {"del\x7f", R"("del\u007f")"},
      {"\xc2\x9b"
       "2J",
       R"("\u009b2J")"},
      {"\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\xc2\xa0\""},
      {"a\xe2\x80\xae"
       "b",
       R"("a\u202eb")"},
      {"\xe2\x80\x8e\xe2\x80\x8f\xe2\x80\xaa", R"("\u200e\u200f\u202a")"},
      {"\xe2\x81\xa6\xe2\x81\xa9", R"("\u2066\u2069")"},
      {"\xe2\x80\x90\xe2\x81\xa5", "\"\xe2\x80\x90\xe2\x81\xa5\""},
  };
  for (const Row& row : rows) {
    const std::string json = ctl::json_text(Json(row.text));
    CHECK(json == row.escaped);
    CHECK(Json::parse(json) == Json(row.text));
  }
}

TEST_CASE("output: the layout of indented JSON stays, and so do members' names") {
  const Json document = {{"a\xc2\x9b", 1}, {"b", {true, nullptr}}};
  CHECK(ctl::json_text(document, 2) == "{\n  \"a\\u009b\": 1,\n  \"b\": [\n    true,\n    null\n  ]\n}");
  CHECK(ctl::json_text(Json("no \xff utf-8")) == "\"no \xef\xbf\xbd utf-8\"");
}

TEST_CASE("output: rows are padded by characters, and say ? for what a terminal would obey") {
  CHECK(ctl::row({"a", "b"}, {3, 0}) == "a    b");
  CHECK(ctl::row({"ü", "b"}, {3, 0}) == "ü    b");
  CHECK(ctl::row({"long one", "b"}, {3, 0}) == "long one  b");
  CHECK(ctl::row({"\x1b[2J", ""}, {3, 0}) == "?[2J");
  CHECK(ctl::printable("a\nb\xe2\x80\xae\xc2\x9b\x7f") == "a?b???");
}
