#include "ctl/docker_config.h"

#include "catch.h"
#include "oci/json.h"

using namespace hardened;
using ctl::DockerRuntime;

namespace {

const std::vector<DockerRuntime> ours{{"hardened", "/usr/bin/hardened-runtime"},
                                      {"hardened-compat", "/usr/bin/hardened-compat"}};

std::string installed(const std::optional<std::string>& text, bool as_default = false) {
  const auto result = ctl::with_runtimes(text, "daemon.json", ours, as_default);
  REQUIRE(result.has_value());
  return *result;
}

std::string removed(const std::string& text, const std::optional<std::string>& old_default = std::nullopt) {
  const auto result = ctl::without_runtimes(text, "daemon.json", ours, old_default);
  REQUIRE(result.has_value());
  return *result;
}

struct Row {
  const char* sentence;
  std::optional<std::string> before;
  const char* after;  // as JSON, with "hardened" as default
};

const Row rows[] = {
    {"no file", std::nullopt,
     R"({"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime"},"hardened-compat":{"path":"/usr/bin/hardened-compat"}},"default-runtime":"hardened"})"},
    {"an empty file, which dockerd takes for none", "\n",
     R"({"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime"},"hardened-compat":{"path":"/usr/bin/hardened-compat"}},"default-runtime":"hardened"})"},
    {"other settings stay before ours, in their order", R"({"z":1,"a":[2]})",
     R"({"z":1,"a":[2],"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime"},"hardened-compat":{"path":"/usr/bin/hardened-compat"}},"default-runtime":"hardened"})"},
    {"other runtimes stay, and so does the place of both members",
     R"({"default-runtime":"runsc","runtimes":{"runsc":{"path":"/runsc"}},"debug":true})",
     R"({"default-runtime":"hardened","runtimes":{"runsc":{"path":"/runsc"},"hardened":{"path":"/usr/bin/hardened-runtime"},"hardened-compat":{"path":"/usr/bin/hardened-compat"}},"debug":true})"},
    {"one of ours may be there already, with arguments of its own",
     R"({"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime","runtimeArgs":[]}}})",
     R"({"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime","runtimeArgs":[]},"hardened-compat":{"path":"/usr/bin/hardened-compat"}},"default-runtime":"hardened"})"},
};

}  // namespace

TEST_CASE("daemon.json: our runtimes come in, everything else stays where it was") {
  for (const Row& row : rows) {
    INFO(row.sentence);
    const std::string text = installed(row.before, true);
    CHECK(Json::parse(text) == Json::parse(row.after));
    CHECK(installed(text, true) == text);
    CHECK(installed(text) == text);
  }
}

TEST_CASE("daemon.json: without --default the default runtime is not touched") {
  CHECK_FALSE(Json::parse(installed("{}")).contains("default-runtime"));
  CHECK(Json::parse(installed(R"({"default-runtime":"runsc"})")).at("default-runtime") == "runsc");
}

TEST_CASE("daemon.json: it is laid out as it was") {
  CHECK(installed("{\n    \"debug\": true\n}\n")
            .starts_with("{\n    \"debug\": true,\n    \"runtimes\": {\n        \"hardened\""));
  CHECK(installed("{\n\t\"debug\": true\n}").starts_with("{\n\t\"debug\": true,\n\t\"runtimes\": {\n\t\t\"hardened\""));
  CHECK(installed("{}").starts_with("{\n  \"runtimes\""));
  CHECK(installed("{}").back() == '}');
  CHECK(installed("{}\n").back() == '\n');
  CHECK(installed(std::nullopt).back() == '\n');
}

TEST_CASE("daemon.json: numbers and texts come through as they are") {
  const Json after =
      Json::parse(installed(R"({"a":18446744073709551615,"b":-9223372036854775808,"c":1.5,"d":"\u00e9\u0001"})"));
  CHECK(after.at("a").get<std::uint64_t>() == 18446744073709551615U);
  CHECK(after.at("b").get<std::int64_t>() == std::numeric_limits<std::int64_t>::min());
  CHECK(after.at("c") == 1.5);
  CHECK(after.at("d") == "\u00e9\u0001");
}

TEST_CASE("daemon.json: what dockerd reads otherwise, or is not ours, is an error that names it") {
  struct Bad {
    const char* text;
    const char* message;
  };
  const Bad bad[] = {
      {"[]", "cannot use daemon.json: not a JSON object"},
      {"{", "daemon.json:1: cannot read"},
      {R"({"a":1,"a":2})", "daemon.json:1: cannot read: the member \"a\" appears twice"},
      {R"({"runtimes":[]})", "cannot use daemon.json: \"runtimes\" is not an object"},
      {R"({"default-runtime":1})", "cannot use daemon.json: \"default-runtime\" is not a text"},
      {R"({"Runtimes":{}})", "cannot use daemon.json: dockerd reads \"Runtimes\" as \"runtimes\""},
      {R"({"DEFAULT-RUNTIME":"runc"})",
       "cannot use daemon.json: dockerd reads \"DEFAULT-RUNTIME\" as \"default-runtime\""},
      {R"({"runtimes":{"hardened":{"path":"/else"}}})",
       "cannot register \"hardened\": daemon.json has another runtime of that name"},
      {R"({"runtimes":{"hardened-compat":7}})",
       "cannot register \"hardened-compat\": daemon.json has another runtime of that name"},
  };
  for (const Bad& row : bad) {
    INFO(row.text);
    const auto result = ctl::with_runtimes(std::string(row.text), "daemon.json", ours, true);
    REQUIRE_FALSE(result);
    CHECK(result.error().message.starts_with(row.message));
  }
}

TEST_CASE("daemon.json: ours go, whatever else came in since stays") {
  CHECK(removed("{}") == "{}");
  CHECK(removed("{ \"debug\" : true }") == "{ \"debug\" : true }");  // not ours to lay out anew
  for (const Row& row : rows) {
    INFO(row.sentence);
    const Json before = row.before && row.before != "\n" ? Json::parse(*row.before) : Json::object();
    Json wanted = before;
    if (wanted.contains("runtimes")) wanted["runtimes"].erase("hardened");
    if (wanted.contains("runtimes") && wanted["runtimes"].empty()) wanted.erase("runtimes");
    const auto old = ctl::default_runtime(row.before, "daemon.json");
    REQUIRE(old.has_value());
    CHECK(Json::parse(removed(installed(row.before, true), *old)) == wanted);
  }
}

TEST_CASE("daemon.json: a default that is another's stays, ours goes where nothing is known of the old one") {
  CHECK(Json::parse(removed(
            R"({"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime"}},"default-runtime":"runsc"})", "kata")) ==
        Json::parse(R"({"default-runtime":"runsc"})"));
  CHECK(Json::parse(removed(
            R"({"runtimes":{"hardened":{"path":"/usr/bin/hardened-runtime"}},"default-runtime":"hardened"})")) ==
        Json::object());
}

TEST_CASE("daemon.json: another's runtime of our name stays") {
  const std::string text = R"({"runtimes":{"hardened":{"path":"/else"}}})";
  CHECK(removed(text) == text);
}
