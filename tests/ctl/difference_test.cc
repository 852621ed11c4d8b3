#include "ctl/difference.h"

#include "catch.h"

using namespace hardened;

TEST_CASE("difference: what goes, what comes, and by whose name") {
  const std::string told = ctl::difference("old", "a\nb\nc\n", "new", "a\nB\nc\n");
  CHECK(told.starts_with("--- old\n+++ new\n"));
  CHECK(told.find("\n-b\n+B\n") != std::string::npos);
  CHECK(ctl::difference("old", "same\n", "new", "same\n").empty());
}

TEST_CASE("difference: texts that are empty, end without a newline, or are large") {
  CHECK(ctl::difference("old", "", "new", "a\n").find("\n+a\n") != std::string::npos);
  CHECK(ctl::difference("old", "a\n", "new", "").find("\n-a\n") != std::string::npos);
  CHECK(ctl::difference("old", "a", "new", "b").find("No newline") != std::string::npos);
  std::string large, other;
  for (int i = 0; i < 20000; ++i) {
    large += "line " + std::to_string(i) + "\n";
    other += "line " + std::to_string(i == 10000 ? -1 : i) + "\n";
  }
  CHECK(ctl::difference("old", large, "new", other).find("\n-line 10000\n+line -1\n") != std::string::npos);
}

TEST_CASE("difference: a name that looks like an option is a name") {
  CHECK(ctl::difference("--help", "a\n", "-x", "b\n").starts_with("--- --help\n+++ -x\n"));
}
