// Findings that belong together (a limit and its swap, a quota and its period) under the real engine, which applies
// only some of them where levels and waivers say so.
#include "catch.h"
#include "controls/engine.h"
#include "controls/registry.h"
#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

constexpr std::string_view judged[] = {"memory", "cpu", "pids", "blkio", "hugetlb", "unified-cgroup"};

Policy only_resources(policy::Level level) {
  Policy policy;
  policy.profile.name = "strict";
  policy.profile.limits.memory = {.fallback = 256U << 20, .max = 1U << 30};
  policy.profile.limits.cpu = {.fallback = 1.0, .max = 2.0};
  policy.profile.limits.pids = {.fallback = 128, .max = 512};
  for (const Control* control : registry()) policy.levels[std::string(control->id)] = policy::Level::off;
  for (const std::string_view id : judged) policy.levels[std::string(id)] = level;
  return policy;
}

Facts facts(host::Operation operation) {
  Facts result;
  result.operation = operation;
  result.swap_accounting = true;
  if (operation == host::Operation::update)
    result.granted_resources = Json::parse(
        R"({"memory":{"limit":268435456,"swap":268435456},"cpu":{"quota":100000,"period":100000},"pids":{"limit":128}})");
  return result;
}

// Every combination of a few values that engines, users and attackers write.
std::vector<Json> requests() {
  const Json amounts =
      Json::parse("[null,0,-1,1048576,2097152,1073741824,2147483648,966367641600,18446744073709551615]");
  const Json times = Json::parse("[null,0,-1,1000,5000,100000,800000]");
  std::vector<Json> result;
  for (const Json& limit : amounts) {
    for (const Json& swap : amounts) {
      for (const Json& reservation : {amounts[0], amounts[2], amounts[4], amounts[7]})
        result.push_back({{"memory", {{"limit", limit}, {"swap", swap}, {"reservation", reservation}}}});
    }
  }
  for (const Json& quota : times) {
    for (const Json& period : times) {
      for (const Json& burst : times)
        result.push_back({{"cpu", {{"quota", quota}, {"period", period}, {"burst", burst}}}});
    }
  }
  return result;
}

void check_all(const Policy& policy) {
  for (const auto operation : {host::Operation::create, host::Operation::update}) {
    for (const Json& request : requests()) {
      CAPTURE(request.dump());
      const auto judgement = harden(Spec(Json{{"linux", {{"resources", request}}}}), policy, facts(operation));
      if (!judgement) FAIL(judgement.error().message);
    }
  }
}

std::optional<Spec> hardened_spec(const std::string& resources, const Policy& policy, host::Operation operation) {
  const auto judgement =
      harden(Spec(Json{{"linux", {{"resources", Json::parse(resources)}}}}), policy, facts(operation));
  REQUIRE(judgement);
  return judgement->refusal() == nullptr ? std::optional(judgement->spec) : std::nullopt;
}

}  // namespace

TEST_CASE("resources: every level and waiver ends in a spec that is judged the same again") {
  for (const auto level : {policy::Level::enforce, policy::Level::clamp, policy::Level::warn})
    check_all(only_resources(level));
  for (const char* waived : {"memory=*", "swap=*", "cpu=*", "burst=*", "reservation=*"}) {
    CAPTURE(waived);
    Policy policy = only_resources(policy::Level::clamp);
    for (const char* control : {"memory", "cpu"}) policy.waivers.push_back({control, {waived}, "tested"});
    check_all(policy);
  }
}

TEST_CASE("resources: a waived limit keeps its swap and its period, so the runtime can set them") {
  Policy policy = only_resources(policy::Level::clamp);
  policy.waivers = {{"memory", {"memory=*"}, "database"}, {"cpu", {"cpu=*"}, "database"}};
  const auto spec = hardened_spec(
      R"({"memory":{"limit":4294967296,"swap":8589934592},"cpu":{"quota":40000,"period":5000},"pids":{"limit":1}})",
      policy, host::Operation::create);
  REQUIRE(spec);
  CHECK(spec->integer("/linux/resources/memory/swap") == 8589934592);
  CHECK(spec->integer("/linux/resources/cpu/period") == 5000);
}

TEST_CASE("resources: no clamped request leaves more than the profile's max") {
  const Policy policy = only_resources(policy::Level::clamp);
  for (const auto operation : {host::Operation::create, host::Operation::update}) {
    for (const Json& request : requests()) {
      const auto spec = hardened_spec(request.dump(), policy, operation);
      if (!spec) continue;
      CAPTURE(request.dump(), spec->document().dump());
      for (const char* name : {"limit", "swap", "reservation"}) {
        const std::int64_t value = spec->integer(std::string("/linux/resources/memory/") + name).value_or(0);
        CHECK(value >= 0);
        CHECK(value <= 1 << 30);
      }
      const std::int64_t quota = spec->integer("/linux/resources/cpu/quota").value_or(0);
      CHECK(quota >= 0);
      const std::int64_t period = spec->integer("/linux/resources/cpu/period").value_or(0);
      CHECK(quota <= 2 * (period == 0 ? 100000 : period));  // 0: not set, so the kernel's default
    }
  }
}

TEST_CASE("resources: at the level enforce Docker's lifting of the limit is refused") {
  const Policy policy = only_resources(policy::Level::enforce);
  CHECK_FALSE(hardened_spec(R"({"pids":{"limit":-1}})", policy, host::Operation::update));
  CHECK_FALSE(hardened_spec(R"({"memory":{"limit":-1}})", policy, host::Operation::update));
  CHECK_FALSE(hardened_spec(R"({"unified":{"pids.max":"max"}})", policy, host::Operation::update));
  CHECK(hardened_spec(R"({"pids":{"limit":500}})", policy, host::Operation::update));
}
