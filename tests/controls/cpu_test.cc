#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Policy strict(double fallback = 1.0, double max = 2.0) {
  Policy result;
  result.profile.name = "strict";
  result.profile.limits.cpu = {.fallback = fallback, .max = max};
  return result;
}

std::string with(const std::string& cpu) {
  return R"({"linux":{"resources":{"cpu":{)" + cpu + "}}}}";
}

struct Row {
  std::string container;
  std::string cpu;
  Lines expected;
};

void check_rows(const std::vector<Row>& rows, const Facts& facts) {
  for (const Row& row : rows) {
    CAPTURE(row.container);
    CHECK(try_control(cpu, with(row.cpu), strict(), facts).lines == row.expected);
  }
}

const std::string quota = "/linux/resources/cpu/quota ";
const std::string period = "/linux/resources/cpu/period ";
const std::string ok = R"("quota":100000,"period":100000,)";

}  // namespace

TEST_CASE("cpu: quota and period at create") {
  check_rows(
      {
          {"asks for nothing", "", {"tighten " + quota + "100000", "tighten " + period + "100000"}},
          {"asks for 0", R"("quota":0,"period":0)", {"tighten " + quota + "100000", "tighten " + period + "100000"}},
          {"asks for a period alone",
           R"("period":1000)",
           {"tighten " + quota + "100000", "tighten " + period + "100000"}},
          {"1.5 cores", R"("quota":150000,"period":100000)", {}},
          {"2 cores in a short period", R"("quota":10000,"period":5000)", {}},
          {"half a core in the default period", R"("quota":50000)", {}},
          {"8 cores", R"("quota":800000,"period":100000)", {"excess cpu=8 " + quota + "200000"}},
          {"3 cores in the default period", R"("quota":300000)", {"excess cpu=3 " + quota + "200000"}},
          {"10 cores in a short period",
           R"("quota":50000,"period":5000)",
           {"excess cpu=10 " + quota + "200000", "excess cpu=10 " + period + "100000"}},
          {"unlimited", R"("quota":-1)", {"excess cpu=unlimited " + quota + "200000"}},
          {"a period the kernel refuses", R"("quota":1000,"period":100)", {"refuse period=100"}},
          {"a period beyond the kernel's",
           R"("quota":1000,"period":18446744073709551615)",
           {"refuse period=9223372036854775807"}},
          {"cores and nodes of its choice", ok + R"("cpus":"0-1","mems":"0","idle":1)", {}},
      },
      Facts{});
}

TEST_CASE("cpu: shares, burst and real time at create") {
  const std::string shares = "/linux/resources/cpu/shares ";
  check_rows(
      {{"the weight of the profile's cores", ok + R"("shares":2048)", {}},
       {"the greatest weight", ok + R"("shares":262144)", {"excess shares=262144 " + shares + "2048"}},
       {"a negative weight", ok + R"("shares":-1)", {"excess shares=-1 " + shares + "2048"}},
       {"a burst within the quota", ok + R"("burst":100000)", {}},
       {"a burst above the quota", ok + R"("burst":200000)", {"excess burst=200000 /linux/resources/cpu/burst 100000"}},
       {"a burst above the quota it is cut to",
        R"("quota":800000,"burst":800000)",
        {"excess cpu=8 " + quota + "200000", "excess burst=800000 /linux/resources/cpu/burst 200000"}},
       {"real time",
        ok + R"("realtimeRuntime":950000,"realtimePeriod":1000000)",
        {"excess realtimeRuntime /linux/resources/cpu/realtimeRuntime gone",
         "excess realtimePeriod /linux/resources/cpu/realtimePeriod gone"}},
       {"no real time", ok + R"("realtimeRuntime":0,"realtimePeriod":0)", {}}},
      Facts{});
}

TEST_CASE("cpu: an update cannot multiply the quota by another period") {
  Facts update;
  update.operation = host::Operation::update;
  update.granted_resources = Json::parse(R"({"cpu":{"quota":100000,"period":50000}})");
  check_rows({{"names nothing", R"("shares":0,"quota":0,"period":0)", {}},
              {"a period alone", R"("period":1000)", {"excess period=1000 " + period + "gone"}},
              {"a quota alone within the granted period", R"("quota":60000)", {"tighten " + period + "50000"}},
              {"a quota alone of too many cores in the granted period",
               R"("quota":150000)",
               {"excess cpu=3 " + quota + "200000", "excess cpu=3 " + period + "100000"}},
              {"both", R"("quota":150000,"period":100000)", {}},
              {"lifts the quota alone",
               R"("quota":-1)",
               {"excess cpu=unlimited " + quota + "200000", "excess cpu=unlimited " + period + "100000"}},
              {"lifts the quota", R"("quota":-1,"period":100000)", {"excess cpu=unlimited " + quota + "200000"}},
              {"a burst above the granted quota",
               R"("burst":150000)",
               {"excess burst=150000 /linux/resources/cpu/burst 100000"}},
              {"shares", R"("shares":262144)", {"excess shares=262144 /linux/resources/cpu/shares 2048"}}},
             update);
}

TEST_CASE("cpu: limits of fractions, of nothing and beyond reason converge") {
  for (const double max : {0.001, 0.01, 0.1, 0.3333333, 1.999999, 3.0, 1e9}) {
    CAPTURE(max);
    for (const char* text : {R"("quota":-1)", R"("quota":900000,"period":1000)", R"("quota":1000,"period":1000)", ""})
      try_control(cpu, with(text), strict(0.7, max));
  }
  CHECK(try_control(cpu, with(R"("quota":-1,"shares":262144)"), Policy{}).lines.empty());
  CHECK(try_control(cpu, "{}", Policy{}).lines.empty());
}

TEST_CASE("cpu: the specs Docker hands over") {
  CHECK(try_control(cpu, engine_spec("docker-limits.json"), strict()).lines.empty());
  const Tried defaults = try_control(cpu, engine_spec("docker-default.json"), strict());
  CHECK(defaults.spec.integer("/linux/resources/cpu/quota") == 100000);
  CHECK(defaults.spec.integer("/linux/resources/cpu/shares") == 0);
}
