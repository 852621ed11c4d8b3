#include "generate/evidence.h"

#include "catch.h"
#include "generate/samples.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

std::string error_of(const generate::Logs& logs, const generate::Demands& demands = {}) {
  const auto evidence = generate::gather(logs, demands);
  return evidence ? "gathered" : evidence.error().message;
}

Json second() {
  Json run = sample_run(second_run, "2026-04-01T12:00:00.000Z");
  run["syscalls"]["SCMP_ARCH_X86_64"] = Json::parse(R"({"read": ["stop"], "rename": ["stop"]})");
  run["peaks"] = {{"memory", 10U}, {"pids", 9U}};
  run["writes"][0]["bytes"] = 700U;
  return run;
}

}  // namespace

TEST_CASE("logs: damaged and foreign lines are put down by file and line, the others count") {
  generate::Logs logs;
  generate::add_log(logs, "a.jsonl", as_line(sample_run()) + "\nnot json\n{\"version\":1}\n{\"a\":1,\"a\":2}\n");
  CHECK(logs.runs.size() == 1);
  REQUIRE(logs.damaged.size() == 3);
  CHECK(logs.damaged[0].message.starts_with("a.jsonl:3"));
  CHECK(logs.damaged[1].message.starts_with("a.jsonl:4"));
  CHECK(logs.damaged[2].message.starts_with("a.jsonl:5"));
  CHECK(error_of(logs) == "gathered");
}

TEST_CASE("logs: nothing left of them is an error that names the first damage") {
  generate::Logs logs;
  generate::add_log(logs, "a.jsonl", "nonsense\n");
  const auto evidence = generate::gather(logs, {});
  REQUIRE_FALSE(evidence);
  CHECK(evidence.error().message == "cannot find a run to learn from");
  CHECK(evidence.error().hint.find("a.jsonl:1") != std::string::npos);
}

TEST_CASE("logs: one run in two files counts once, whatever the order of the files") {
  generate::Logs logs = logs_of({sample_run(), sample_run()});
  CHECK(logs.runs.size() == 1);
  CHECK(logs.repeated == 1);
  CHECK(evidence_of({sample_run(), second()}).runs.front().run == first_run);
  CHECK(evidence_of({second(), sample_run()}).runs.front().run == first_run);
}

TEST_CASE("evidence: per call the runs, when it was first and last seen, and the phases") {
  const auto evidence = evidence_of({second(), sample_run()});
  const auto& read = evidence.own_calls().at("read");
  CHECK(read.runs == 2);
  CHECK(read.first == "2026-03-01T12:00:00.000Z");
  CHECK(read.last == "2026-04-01T12:00:00.000Z");
  CHECK(generate::words_of(read.phases) == "start, serve, stop");
  CHECK(evidence.own_calls().at("rename").runs == 1);
  CHECK(evidence.peaks.memory == 50000000U);
  CHECK(evidence.peaks.pids == 9U);
  CHECK(evidence.writes.at("/var/cache/nginx/a").bytes == 700);
  CHECK(evidence.granted.at("CAP_SETUID").at("setuid") == 4);
  CHECK(evidence.refused.contains("CAP_CHOWN"));
}

TEST_CASE("evidence: an incomplete run is refused with what it lost, unless it is good enough") {
  Json run = sample_run();
  run["complete"] = false;
  run["lost"] = {"ring buffer\noverflow"};
  const auto logs = logs_of({run});
  CHECK(error_of(logs).find("it is incomplete (\"ring buffer\\x0aoverflow\")") != std::string::npos);
  CHECK(error_of(logs, {.incomplete = true}) == "gathered");
}

TEST_CASE("evidence: several images are refused unless they are meant; several architectures always") {
  Json other = second();
  other["image"] = "redis:7";
  CHECK(error_of(logs_of({sample_run(), other})) ==
        "cannot make one profile for several images: \"nginx:1.25\", \"redis:7\"");
  CHECK(error_of(logs_of({sample_run(), other}), {.mixed = true}) == "gathered");
  Json arm = second();
  arm["architecture"] = "SCMP_ARCH_AARCH64";
  CHECK(error_of(logs_of({sample_run(), arm})).find("several architectures") != std::string::npos);
}

TEST_CASE("evidence: runs without a call of the machine's own are nothing to go by") {
  Json run = sample_run();
  run["syscalls"] = Json::object();
  CHECK(error_of(logs_of({run})) == "cannot make a profile: the runs show no system call of SCMP_ARCH_X86_64");
}

TEST_CASE("evidence: counts that a log overstates do not wrap around") {
  std::uint64_t sum = UINT64_MAX - 1;
  generate::add_up(sum, 5);
  CHECK(sum == UINT64_MAX);
}
