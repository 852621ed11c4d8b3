#include "util/text.h"

#include <limits>

#include "catch.h"

using namespace hardened;
using Strings = std::vector<std::string>;

TEST_CASE("glob_match: the whole text, * over slashes, ? for one character") {
  struct Row {
    const char* pattern;
    const char* text;
    bool matches;
  };
  const Row rows[] = {
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "/any/thing", true},
      {"nginx:*", "nginx:1.25", true},
      {"nginx:*", "nginx", false},
      {"nginx", "nginx:1.25", false},
      {"*nginx", "library/nginx", true},
      {"a*b*c", "a-b-b-c", true},
      {"a*b*c", "a-c-b", false},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"?", "", false},
      {"**", "x", true},
      {"a*", "a", true},
      {"*a", "ba*", false},
      {"*.sock", "/run/*.sock", true},
      {"[ab]", "a", false},
      {"\\*", "*", false},
      {"NGINX", "nginx", false},
  };
  for (const Row& row : rows) {
    INFO(row.pattern << " against " << row.text);
    CHECK(glob_match(row.pattern, row.text) == row.matches);
  }
}

TEST_CASE("glob_match: a hostile pattern does not blow up") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "*a";
  CHECK_FALSE(glob_match(pattern + "b", std::string(4000, 'a')));
  CHECK(glob_match(pattern, std::string(4000, 'a')));
}

TEST_CASE("nearest: only a plausible slip of the pen") {
  const Strings words = {"enforce", "clamp", "warn", "off"};
  struct Row {
    const char* word;
    const char* expected;  // nullptr: none
  };
  const Row rows[] = {{"enforced", "enforce"}, {"calmp", "clamp"},  {"war", "warn"}, {"of", "off"},
                      {"warn", "warn"},        {"refuse", nullptr}, {"x", nullptr},  {"", nullptr},
                      {"zz", nullptr},         {"ENFORCE", nullptr}};
  for (const Row& row : rows) {
    INFO(row.word);
    const auto found = nearest(row.word, words);
    CHECK(found.has_value() == (row.expected != nullptr));
    if (found && row.expected != nullptr) CHECK(*found == row.expected);
  }
  CHECK_FALSE(nearest(std::string(65, 'a'), Strings{std::string(65, 'a')}));
  CHECK_FALSE(nearest("warn", {}));
}

TEST_CASE("did_you_mean: a suggestion or nothing at all") {
  CHECK(did_you_mean("clmap", Strings{"clamp"}) == " (did you mean \"clamp\"?)");
  CHECK(did_you_mean("seccomp", Strings{"clamp"}).empty());
}

TEST_CASE("in_quotes: what a user may send cannot forge a log line or drive a terminal") {
  struct Row {
    std::string text;
    std::string expected;
  };
  const Row rows[] = {
      {"", "\"\""},
      {"plain", "\"plain\""},
      {"a\"b\\c", "\"a\\\"b\\\\c\""},
      {"line\nbreak\r\t", "\"line\\x0abreak\\x0d\\x09\""},
      {std::string("nul\0byte", 8), "\"nul\\x00byte\""},
      {"\x1b[31mred\x7f", "\"\\x1b[31mred\\x7f\""},
      {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3", "\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\xb3\""},
      {"\xc2\x9b"
       "31m",
       "\"\\xc2\\x9b31m\""},                             // C1 CSI
      {"\xff\xfe", "\"\\xff\\xfe\""},                    // never UTF-8
      {"\x80x", "\"\\x80x\""},                           // a continuation byte alone
      {"\xc3", "\"\\xc3\""},                             // cut short
      {"\xc3(", "\"\\xc3(\""},                           // broken off
      {"\xc0\xaf", "\"\\xc0\\xaf\""},                    // overlong '/'
      {"\xe0\x80\xaf", "\"\\xe0\\x80\\xaf\""},           // overlong '/', three bytes
      {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},           // a surrogate
      {"\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""},  // above U+10FFFF
      {"\xf0\x80\x80\xaf", "\"\\xf0\\x80\\x80\\xaf\""},  // overlong '/', four bytes
  };
  for (const Row& row : rows) {
    INFO(row.expected);
    CHECK(in_quotes(row.text) == row.expected);
  }
}

TEST_CASE("in_quotes: cut after 200 bytes, never inside a character") {
  CHECK(in_quotes(std::string(200, 'x')) == "\"" + std::string(200, 'x') + "\"");
  CHECK(in_quotes(std::string(201, 'x')) == "\"" + std::string(200, 'x') + "\"…");
  CHECK(in_quotes(std::string(199, 'x') + "\xe2\x82\xac") == "\"" + std::string(199, 'x') + "\"…");
}

TEST_CASE("split and join are each other's inverse, empty parts included") {
  for (const char* text : {"", "/", "//", "a", "/a", "a/", "a/b", "a//b", "//a//"}) {
    INFO(text);
    CHECK(join(split(text, '/'), "/") == text);
  }
  CHECK(split("a,b", ',') == Strings{"a", "b"});
  CHECK(split("", ',') == Strings{""});
  CHECK(join({}, ", ").empty());
  CHECK(join(Strings{"a", "b", "c"}, ", ") == "a, b, c");
  CHECK(join(Strings{"", "b"}, ",") == ",b");
}

TEST_CASE("parse_size: whole numbers with binary units, nothing else") {
  struct Row {
    const char* text;
    std::optional<std::uint64_t> expected;
  };
  const Row rows[] = {
      {"0", 0},
      {"4096", 4096},
      {"512KiB", 512U << 10},
      {"64MiB", 64U << 20},
      {"1GiB", 1U << 30},
      {"2TiB", std::uint64_t{2} << 40},
      {"18446744073709551615", std::numeric_limits<std::uint64_t>::max()},
      {"18446744073709551616", std::nullopt},
      {"16777215TiB", std::uint64_t{16777215} << 40},
      {"16777216TiB", std::nullopt},
      {"", std::nullopt},
      {"MiB", std::nullopt},
      {"64 MiB", std::nullopt},
      {" 64", std::nullopt},
      {"64MB", std::nullopt},
      {"64m", std::nullopt},
      {"64MiBx", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5GiB", std::nullopt},
      {"0x10", std::nullopt},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(parse_size(row.text) == row.expected);
  }
}

TEST_CASE("format_size: the shortest form that parse_size reads back") {
  CHECK(format_size(0) == "0");
  CHECK(format_size(1) == "1");
  CHECK(format_size(1024) == "1KiB");
  CHECK(format_size(1025) == "1025");
  CHECK(format_size(1536U << 20) == "1536MiB");
  CHECK(format_size(std::uint64_t{1} << 40) == "1TiB");
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{7}, std::uint64_t{3} << 10, std::uint64_t{5} << 33,
                                   std::numeric_limits<std::uint64_t>::max()})
    CHECK(parse_size(format_size(size)) == size);
}

TEST_CASE("clean_path: as runc cleans a mount destination") {
  struct Row {
    const char* path;
    const char* expected;
  };
  const Row rows[] = {{"/", "/"},      {"", "/"},          {"/a//b/./c/../d", "/a/b/d"},
                      {"/a/", "/a"},   {"/../..", "/"},    {"/a/../../b", "/b"},
                      {"a/b", "/a/b"}, {"/...", "/..."},   {"/proc/./", "/proc"},
                      {"/a/..", "/"},  {"//proc", "/proc"}};
  for (const Row& row : rows) {
    INFO(row.path);
    CHECK(clean_path(row.path) == row.expected);
  }
}

TEST_CASE("is_within: below a directory, not beside one with a longer name") {
  CHECK(is_within("/proc", "/proc"));
  CHECK(is_within("/proc/sys", "/proc"));
  CHECK_FALSE(is_within("/process", "/proc"));
  CHECK_FALSE(is_within("/", "/proc"));
  CHECK(is_within("/anything", "/"));
  CHECK(is_within("/", "/"));
}
