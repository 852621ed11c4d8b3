#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(const std::string& files, int cgroup_version) {
  Facts facts;
  facts.cgroup_version = cgroup_version;
  return try_control(unified_cgroup, R"({"linux":{"resources":{"unified":)" + files + "}}}", Policy{}, facts).lines;
}

std::string gone(const std::string& name) {
  return "excess " + name + " /linux/resources/unified/" + name + " gone";
}

}  // namespace

TEST_CASE("unified-cgroup: files that can only restrict stay") {
  CHECK(judged("{}", 2).empty());
  CHECK(
      judged(
          R"({"memory.high":"100","memory.oom.group":"1","memory.swap.max":"0","io.max":"8:0 rbps=1","cpu.idle":"1"})",
          2)
          .empty());
}

TEST_CASE("unified-cgroup: limits by another name and protections go") {
  for (const char* name :
       {"memory.max", "pids.max", "cpu.max", "cpu.weight", "memory.low", "memory.min", "cgroup.procs", "anything"}) {
    CAPTURE(name);
    CHECK(judged(std::string("{\"") + name + R"(":"max"})", 2) == Lines{gone(name)});
  }
  CHECK(judged(R"({"memory.swap.max":"max","memory.high":"1"})", 2) == Lines{gone("memory.swap.max")});
}

TEST_CASE("unified-cgroup: a path in place of a file name is removed by its escaped pointer") {
  const Tried tried =
      try_control(unified_cgroup, R"({"linux":{"resources":{"unified":{"../pids.max":"max","a~b":"1"}}}})");
  CHECK(tried.lines == Lines{"excess ../pids.max /linux/resources/unified/..~1pids.max gone",
                             "excess a~b /linux/resources/unified/a~0b gone"});
  CHECK(tried.spec.elements("/linux/resources/unified").empty());
}

TEST_CASE("unified-cgroup: cgroup v1 has none of them") {
  CHECK(judged("{}", 1).empty());
  CHECK(judged(R"({"memory.high":"100","pids.max":"max"})", 1) == Lines{"refuse memory.high", "refuse pids.max"});
}
