#include "controls/look.h"

using namespace hardened;
using test::look;
using Names = std::vector<std::string>;

namespace {

Policy limited() {
  Policy policy;
  policy.profile.limits.nofile = {1024, 65536};
  policy.profile.limits.nproc = {512, 4096};
  return policy;
}

Json entry(const char* type, std::uint64_t soft, std::uint64_t hard) {
  return {{"type", type}, {"hard", hard}, {"soft", soft}};
}

constexpr std::uint64_t unlimited = 18446744073709551615U;
const Json core = entry("RLIMIT_CORE", 0, 0);
const Json files = entry("RLIMIT_NOFILE", 1024, 1024);

struct Row {
  const char* sentence;
  Json rlimits;
  Json after;
  Names asked = {};
};

const Row rows[] = {
    {"none given", nullptr, {core, files}},
    {"an empty list", Json::array(), {core, files}},
    {"less than the default stays",
     Json::array({entry("RLIMIT_NOFILE", 100, 100)}),
     {entry("RLIMIT_NOFILE", 100, 100), core}},
    {"up to the maximum stays",
     {entry("RLIMIT_NOFILE", 1024, 65536), core},
     {entry("RLIMIT_NOFILE", 1024, 65536), core}},
    {"more files than the maximum",
     {entry("RLIMIT_NOFILE", 1024, 65537), core},
     {entry("RLIMIT_NOFILE", 1024, 65536), core},
     {"RLIMIT_NOFILE=65537"}},
    {"endless files",
     {entry("RLIMIT_NOFILE", unlimited, unlimited), core},
     {entry("RLIMIT_NOFILE", 65536, 65536), core},
     {"RLIMIT_NOFILE=unlimited"}},
    {"a soft limit above the hard one",
     {entry("RLIMIT_NOFILE", 70000, 10), core},
     {entry("RLIMIT_NOFILE", 65536, 10), core},
     {"RLIMIT_NOFILE=70000"}},
    {"core dumps", {entry("RLIMIT_CORE", 0, unlimited), files}, {core, files}, {"RLIMIT_CORE=unlimited"}},
    {"a lot of locked memory",
     {entry("RLIMIT_MEMLOCK", 1 << 30, 1 << 30), core, files},
     {entry("RLIMIT_MEMLOCK", 1 << 30, 1 << 30), core, files}},
    {"endless locked memory and message queues",
     {entry("RLIMIT_MEMLOCK", unlimited, unlimited), entry("RLIMIT_STACK", unlimited, unlimited),
      entry("RLIMIT_MSGQUEUE", 1, unlimited)},
     {entry("RLIMIT_STACK", unlimited, unlimited), core, files},
     {"RLIMIT_MSGQUEUE=unlimited", "RLIMIT_MEMLOCK=unlimited"}},
    {"real-time scheduling and negative nice values",
     {entry("RLIMIT_RTPRIO", 99, 99), entry("RLIMIT_NICE", 0, 40), core, files},
     {entry("RLIMIT_RTPRIO", 0, 0), entry("RLIMIT_NICE", 0, 20), core, files},
     {"RLIMIT_NICE=40", "RLIMIT_RTPRIO=99"}},
    {"more processes than the maximum",
     {entry("RLIMIT_NPROC", 9999, 9999), core, files},
     {entry("RLIMIT_NPROC", 4096, 4096), core, files},
     {"RLIMIT_NPROC=9999"}},
};

Json process(const Json& rlimits) {
  return rlimits.is_null() ? Json{{"process", Json::object()}} : Json{{"process", {{"rlimits", rlimits}}}};
}

}  // namespace

TEST_CASE("rlimits: the profile's, and no core dumps") {
  for (const Row& row : rows) {
    INFO(row.sentence);
    const auto seen = look(controls::rlimits, Spec(process(row.rlimits)), limited(), {});
    CHECK(seen.after.at("process").at("rlimits") == row.after);
    CHECK(seen.asked == row.asked);
    CHECK(seen.refused.empty());
  }
}

TEST_CASE("rlimits: a negative number is an enormous one, a null list an absent one") {
  const auto seen =
      look(controls::rlimits, R"({"process":{"rlimits":[{"type":"RLIMIT_NOFILE","hard":-1,"soft":-1}]}})", limited());
  CHECK(seen.asked == Names{"RLIMIT_NOFILE=unlimited"});
  CHECK(seen.after.at("process").at("rlimits").at(0) == entry("RLIMIT_NOFILE", 65536, 65536));
  CHECK(look(controls::rlimits, R"({"process":{"rlimits":null}})", limited()).after.at("process").at("rlimits") ==
        Json{core, files});
}

TEST_CASE("rlimits: unknown and repeated types are refused") {
  struct {
    const char* rlimits;
    Names refused;
  } const hostile[] = {
      {R"([{"type":"RLIMIT_NOFILE","hard":1,"soft":1},{"type":"RLIMIT_NOFILE","hard":2,"soft":2}])", {"RLIMIT_NOFILE"}},
      {R"([{"type":"rlimit_nofile","hard":1,"soft":1}])", {"rlimit_nofile"}},
      {R"([{"type":"NOFILE","hard":1,"soft":1},{"type":null}])", {"NOFILE", ""}},
      {R"([{}])", {""}},
  };
  for (const auto& row : hostile) {
    INFO(row.rlimits);
    CHECK(look(controls::rlimits, Spec(process(Json::parse(row.rlimits))), limited(), {}).refused == row.refused);
  }
}

TEST_CASE("rlimits: processes are counted only in a user namespace of the container's own") {
  const Json with = Json::parse(R"({"process":{},"linux":{"namespaces":[{"type":"pid"},{"type":"user"}]}})");
  const Json without = Json::parse(R"({"process":{},"linux":{"namespaces":[{"type":"pid"}]}})");
  CHECK(look(controls::rlimits, Spec(with), limited(), {}).after.at("process").at("rlimits") ==
        Json{core, files, entry("RLIMIT_NPROC", 512, 512)});
  CHECK(look(controls::rlimits, Spec(without), limited(), {}).after.at("process").at("rlimits") == Json{core, files});
}

TEST_CASE("rlimits: Podman's own are no wish of the user") {
  Facts facts;
  facts.workload.engine = Engine::podman;
  const Json given = {entry("RLIMIT_NOFILE", 1048576, 1048576), entry("RLIMIT_NPROC", 4194304, 4194304)};
  const auto seen = look(controls::rlimits, Spec(process(given)), limited(), facts);
  CHECK(seen.asked.empty());
  CHECK(seen.after.at("process").at("rlimits") ==
        Json{entry("RLIMIT_NOFILE", 65536, 65536), entry("RLIMIT_NPROC", 4194304, 4194304), core});
}

TEST_CASE("rlimits: an exec has at most its container's") {
  const Facts facts = test::exec_facts(
      R"({"rlimits":[{"type":"RLIMIT_CORE","hard":0,"soft":0},{"type":"RLIMIT_NOFILE","hard":200,"soft":100},
                                                       {"type":"RLIMIT_STACK","hard":8192,"soft":8192}]})");
  const Json granted = facts.granted_process.at("rlimits");
  CHECK(look(controls::rlimits, R"({"process":{}})", limited(), facts).after.at("process").at("rlimits").size() == 3);
  const Json asked = {entry("RLIMIT_STACK", 1, unlimited), entry("RLIMIT_NOFILE", 150, 1024)};
  const auto seen = look(controls::rlimits, Spec(process(asked)), limited(), facts);
  CHECK(seen.asked == Names{"RLIMIT_NOFILE=1024", "RLIMIT_STACK=unlimited"});
  CHECK(seen.after.at("process").at("rlimits") ==
        Json{entry("RLIMIT_STACK", 1, 8192), entry("RLIMIT_NOFILE", 150, 200), core});
  CHECK(look(controls::rlimits, Spec(process(granted)), limited(), facts).after.at("process").at("rlimits") == granted);
}
