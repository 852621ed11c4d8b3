#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

const std::string limit = "/linux/resources/pids/limit ";

Lines judged(const std::string& resources, const Facts& facts) {
  Policy policy;
  policy.profile.name = "strict";
  policy.profile.limits.pids = {.fallback = 128, .max = 512};
  return try_control(pids, R"({"linux":{"resources":{)" + resources + "}}}", policy, facts).lines;
}

Facts facts(Engine engine, host::Operation operation = host::Operation::create) {
  Facts result;
  result.workload.engine = engine;
  result.operation = operation;
  return result;
}

}  // namespace

TEST_CASE("pids: limits at create") {
  struct Row {
    std::string container, resources;
    Engine engine;
    Lines expected;
  };
  const Row rows[] = {
      {"asks for nothing", "", Engine::docker, {"tighten " + limit + "128"}},
      {"asks for 0", R"("pids":{"limit":0})", Engine::docker, {"tighten " + limit + "128"}},
      {"asks for 512", R"("pids":{"limit":512})", Engine::docker, {}},
      {"asks for 513", R"("pids":{"limit":513})", Engine::docker, {"excess pids=513 " + limit + "512"}},
      {"asks for no limit", R"("pids":{"limit":-1})", Engine::docker, {"excess pids=unlimited " + limit + "512"}},
      {"has Podman's default", R"("pids":{"limit":2048})", Engine::podman, {"tighten " + limit + "512"}},
      {"asks Podman for more", R"("pids":{"limit":4096})", Engine::podman, {"excess pids=4096 " + limit + "512"}},
      {"asks Docker for as much as Podman's default",
       R"("pids":{"limit":2048})",
       Engine::docker,
       {"excess pids=2048 " + limit + "512"}},
      {"has CRI-O's configured limit", R"("pids":{"limit":-1})", Engine::cri_o, {"tighten " + limit + "512"}},
      {"asks for more than 63 bits",
       R"("pids":{"limit":18446744073709551615})",
       Engine::docker,
       {"excess pids=9223372036854775807 " + limit + "512"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.container);
    CHECK(judged(row.resources, facts(row.engine)) == row.expected);
  }
}

TEST_CASE("pids: updates") {
  const Facts update = facts(Engine::docker, host::Operation::update);
  CHECK(judged("", update).empty());
  CHECK(judged(R"("pids":{})", update).empty());
  // runc 1.4 would read the 0 of "unchanged" as a limit.
  CHECK(judged(R"("pids":{"limit":0})", update) == Lines{"tighten " + limit + "gone"});
  CHECK(judged(R"("pids":{"limit":200})", update).empty());
  CHECK(judged(R"("pids":{"limit":-1})", update) == Lines{"excess pids=unlimited " + limit + "512"});
}

TEST_CASE("pids: a profile without limits sets none") {
  CHECK(try_control(pids, "{}").lines.empty());
  CHECK(try_control(pids, R"({"linux":{"resources":{"pids":{"limit":-1}}}})").lines.empty());
}
