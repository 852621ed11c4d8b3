#include "audit/record.h"

#include <unistd.h>

#include "catch.h"
#include "example.h"
#include "util/hash.h"

using namespace hardened;
using audit::describe;
using controls::Outcome;
using testing::decision;

namespace {

Json finding(const controls::Decision& decision) {
  audit::Record record = testing::record();
  record.decisions = {decision};
  return describe(record).at("findings").at(0);
}

}  // namespace

TEST_CASE("record: who, what, by which rules and what came of it") {
  audit::Record record = testing::record();
  record.verdict = audit::Verdict::refused;
  record.mode = policy::Mode::audit;
  record.message = "refused by memory: …";
  const Json told = describe(record);
  CHECK(told.at("engine") == "docker");
  CHECK(told.at("container") == "web");
  CHECK(told.at("image") == "nginx:1.25");
  CHECK(told.at("profile") == "strict");
  CHECK(told.at("policy") == std::string(64, 'd'));
  CHECK(told.at("operation") == "create");
  CHECK(told.at("verdict") == "refused");
  CHECK(told.at("mode") == "audit");
  CHECK(told.at("message") == "refused by memory: …");
  char host[256] = {};
  REQUIRE(::gethostname(host, sizeof host - 1) == 0);
  CHECK(told.at("host") == host);
  CHECK(told.at("findings").dump() ==
        R"([{"control":"memory","outcome":"enforced","pointer":"/linux/resources/memory/limit","after":268435456,)"
        R"("reason":"a container without a limit can starve the host"}])");
  CHECK_FALSE(describe(testing::record()).contains("message"));
  CHECK(audit::verdict_name(audit::Verdict::allowed) == "allowed");
  CHECK(audit::verdict_name(audit::Verdict::failed) == "failed");
}

TEST_CASE("record: what was asked for and not granted has no after; a waiver tells its reason") {
  struct Row {
    Outcome outcome;
    bool after;
  };
  for (const Row& row : {Row{Outcome::enforced, true}, Row{Outcome::clamped, true}, Row{Outcome::refused, false},
                         Row{Outcome::warned, false}, Row{Outcome::waived, false}}) {
    controls::Decision each = decision(row.outcome, "/x", Json(1), Json(2));
    each.waiver = row.outcome == Outcome::waived ? "reads labels" : "";
    const Json told = finding(each);
    INFO(told.dump());
    CHECK(told.at("outcome") == controls::outcome_name(row.outcome));
    CHECK(told.at("before") == 1);
    CHECK(told.contains("after") == row.after);
    CHECK(told.contains("waiver") == (row.outcome == Outcome::waived));
  }
}

TEST_CASE("record: no value of an environment is ever told, wherever it stands") {
  const Json process = Json::parse(R"({"args":["sh"],"env":["TOKEN=s3cret"],"user":{"uid":0}})");
  const Json hook = Json::parse(R"({"path":"/usr/bin/h","env":["TOKEN=s3cret"]})");
  const controls::Decision decisions[] = {
      decision(Outcome::enforced, "/process/env", Json({"TOKEN=s3cret"}), Json({"TOKEN=s3cret", "A=1"})),
      decision(Outcome::enforced, "/process/env/TOKEN", Json("TOKEN=s3cret"), std::nullopt),
      decision(Outcome::enforced, "/process/env/0", std::nullopt, Json("TOKEN=s3cret")),
      decision(Outcome::clamped, "/process", process, process),
      decision(Outcome::clamped, "", Json{{"process", process}, {"hooks", {{"prestart", {hook}}}}}, std::nullopt),
      decision(Outcome::refused, "/hooks/prestart/0", hook, std::nullopt),
      decision(Outcome::enforced, "/hooks/prestart/0/env", hook.at("env"), Json::array()),
      decision(Outcome::refused, "/hooks/prestart", Json::array({hook}), std::nullopt),
  };
  for (const controls::Decision& each : decisions) {
    const std::string told = finding(each).dump();
    INFO(told);
    CHECK(told.find("s3cret") == std::string::npos);
    CHECK(told.find("…") != std::string::npos);
  }
  CHECK(finding(decisions[3]).at("before").at("user").at("uid") == 0);
  CHECK(finding(decision(Outcome::enforced, "/process/cwd", Json("/env"), Json("/"))).at("before") == "/env");
}

TEST_CASE("record: long values become their size and digest, long texts are cut, the rest is counted") {
  const Json longest(std::string(510, 'x'));
  const Json longer(std::string(511, 'x'));
  CHECK(finding(decision(Outcome::enforced, "/x", longest, std::nullopt)).at("before") == longest);
  CHECK(finding(decision(Outcome::enforced, "/x", longer, std::nullopt)).at("before") ==
        Json{{"sha256", sha256_hex(longer.dump())}, {"bytes", 513}});
  CHECK(finding(decision(Outcome::enforced, std::string(9000, '/'), Json(1), Json(2))).at("pointer").size() < 2100);

  audit::Record record = testing::record(std::string(1 << 20, 'i'));
  record.message = std::string(1 << 20, 'm');
  record.decisions.assign(1003, decision(Outcome::enforced, "/x", Json(1), Json(2)));
  const Json told = describe(record);
  CHECK(told.at("findings").size() == 1000);
  CHECK(told.at("findings_omitted") == 3);
  CHECK(told.at("message").size() < 2100);
  CHECK(told.at("container").size() < 2100);
}

TEST_CASE("record: for people, the silent tightening is left out") {
  audit::Record record = testing::record();
  record.decisions.push_back(decision(Outcome::warned, "/y", Json(1), std::nullopt));
  const Json told = describe(record, audit::Detail::notable);
  REQUIRE(told.at("findings").size() == 1);
  CHECK(told.at("findings").at(0).at("pointer") == "/y");
}

TEST_CASE("record: the schema describes every member, and demands no other") {
  const Json schema = Json::parse(testing::read_text(HARDENED_SOURCE_DIR "/profiles/schemas/audit.schema.json"));
  const auto fits = [](const Json& object, const Json& shape) {
    for (const auto& [key, value] : object.items()) {
      INFO(key);
      REQUIRE(shape.at("properties").contains(key));
      const Json& property = shape.at("properties").at(key);
      if (property.contains("enum"))
        CHECK(std::count(property.at("enum").begin(), property.at("enum").end(), value) == 1);
    }
    for (const Json& name : shape.at("required")) CHECK(object.contains(name.get<std::string>()));
  };
  const testing::Log log;
  audit::Record record = testing::record();
  record.message = "m";
  record.decisions.assign(1001, decision(Outcome::waived, "/x", Json(1), Json(2)));
  record.decisions[0].waiver = "reason";
  REQUIRE(audit::append(record, log.places()));
  testing::write_text(log.path(), log.lines().at(0) + "\nfragment");
  std::filesystem::remove(log.head());
  REQUIRE(log.append());
  for (const std::string& index : {std::string("0"), std::string("2")}) {
    const Json line = Json::parse(log.lines().at(std::stoul(index)));
    fits(line, schema);
    for (const Json& each : line.at("findings")) fits(each, schema.at("$defs").at("finding"));
  }
}
