#include "ctl/records.h"

#include "catch.h"
#include "temporary.h"

using namespace hardened;
using ctl::Filter;

namespace {

Json record() {
  return {{"time", "2026-03-01T12:00:00.123Z"},
          {"container", "3f2a9c"},
          {"image", "registry/nginx:1.25"},
          {"operation", "create"},
          {"verdict", "refused"},
          {"message", "hardened: refused by pids"},
          {"findings",
           {{{"control", "capabilities"}, {"outcome", "enforced"}, {"reason", "not the profile's"}},
            {{"control", "pids"}, {"outcome", "refused"}, {"reason", "too many"}}}}};
}

Filter only(std::string Filter::*member, const char* value) {
  Filter filter;
  filter.*member = value;
  return filter;
}

}  // namespace

TEST_CASE("records: each filter takes what it names, and nothing else") {
  struct Row {
    std::string Filter::*member;
    const char* value;
    bool taken;
  };
  const Row rows[] = {
      {&Filter::container, "3f2a", true},
      {&Filter::container, "3f2a9c", true},
      {&Filter::container, "3f2b", false},
      {&Filter::container, "2a9c", false},
      {&Filter::image, "registry/nginx:*", true},
      {&Filter::image, "*nginx*", true},
      {&Filter::image, "nginx:*", false},
      {&Filter::control, "pids", true},
      {&Filter::control, "capabilities", true},
      {&Filter::control, "seccomp", false},
      {&Filter::control, "pid", false},
      {&Filter::verdict, "refused", true},
      {&Filter::verdict, "allowed", false},
      {&Filter::operation, "create", true},
      {&Filter::operation, "exec", false},
      {&Filter::since, "2026-03-01", true},
      {&Filter::since, "2026-03-01T12", true},
      {&Filter::since, "2026-03-01T12:00:00.123", true},
      {&Filter::since, "2026-03-01T12:00:00.124", false},
      {&Filter::since, "2026-03-02", false},
      {&Filter::until, "2026-03-01", true},
      {&Filter::until, "2026-03-01T12:00", true},
      {&Filter::until, "2026-03-01T11", false},
      {&Filter::until, "2026-02-28", false},
  };
  for (const Row& row : rows) {
    INFO(row.value);
    CHECK(ctl::matches(record(), only(row.member, row.value)) == row.taken);
  }
  CHECK(ctl::matches(record(), Filter{}));
}

TEST_CASE("records: a time is taken as a record tells it, or the beginning of one") {
  const auto since = [](const std::string& text) {
    CLI::App command;
    Filter filter;
    ctl::add_filters(command, filter);
    std::vector<std::string> arguments = {text, "--since"};
    command.parse(arguments);
    return filter.since;
  };
  CHECK(since("2026-03-01") == "2026-03-01");
  CHECK(since("2026-03-01T12:00") == "2026-03-01T12:00");
  CHECK(since("2026-03-01T12:00:00Z") == "2026-03-01T12:00:00");
  CHECK(since("2026-03-01T12:00:00.123Z") == "2026-03-01T12:00:00.123");
  CHECK_THROWS_AS(since("2026-03-01Z"), CLI::ValidationError);
  CHECK_THROWS_AS(since("2026-03-01T12:00:00+01:00"), CLI::ValidationError);
  CHECK_THROWS_AS(since("yesterday"), CLI::ValidationError);
}

TEST_CASE("records: filters are told together, and a record without a member has no such value") {
  Filter filter = only(&Filter::container, "3f");
  filter.verdict = "refused";
  CHECK(ctl::matches(record(), filter));
  filter.verdict = "allowed";
  CHECK_FALSE(ctl::matches(record(), filter));
  CHECK(ctl::matches(Json::object(), Filter{}));
  CHECK_FALSE(ctl::matches(Json::object(), only(&Filter::image, "x")));
  CHECK_FALSE(ctl::matches(Json::object(), only(&Filter::since, "2026-01-01")));
  Json odd = record();
  odd["findings"] = Json::array({1, "pids", Json::array(), Json::object()});
  CHECK_FALSE(ctl::matches(odd, only(&Filter::control, "pids")));
}

TEST_CASE("records: what is told of one is what the user asked for, else its message") {
  CHECK(ctl::notable(record()) == std::vector<std::string>{"refused pids: too many"});
  Json quiet = record();
  quiet["findings"].erase(1);
  CHECK(ctl::notable(quiet) == std::vector<std::string>{"hardened: refused by pids"});
  CHECK(ctl::notable(Json::object()) == std::vector<std::string>{""});
}

TEST_CASE("records: of all files in turn, with lines that are none counted") {
  const testing::TemporaryDirectory temporary;
  testing::write_text(temporary.path("log.2"), "{\"a\":1}\n");
  testing::write_text(temporary.path("log.1"), "{\"a\":2}\nnot one\n\n[3]\n{\"a\":4,\"a\":5}\n");
  testing::write_text(temporary.path("log"), "{\"a\":6}\n{\"a\":7");
  std::vector<int> seen;
  const auto unreadable = ctl::read_records({temporary.path("log"), {temporary.path("log.2"), temporary.path("log.1")}},
                                            [&](Json one) { seen.push_back(one.at("a")); });
  REQUIRE(unreadable);
  CHECK(seen == std::vector<int>{1, 2, 6});
  CHECK(*unreadable == 4);
  CHECK_FALSE(ctl::read_records({temporary.path("none"), {}}, [](const Json&) {}));
  CHECK_FALSE(ctl::read_records({temporary.path("log"), {temporary.path("none")}}, [](const Json&) {}));
}
