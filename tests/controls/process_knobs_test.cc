#include "controls/look.h"

using namespace hardened;
using test::look;
using Names = std::vector<std::string>;

namespace {

struct Row {
  const char* sentence;
  const char* spec;
  const char* after;
  Names asked = {};
};

const Row kept[] = {
    {"Docker's own", R"({"process":{"cwd":"/","oomScoreAdj":0}})", nullptr},
    {"a container to be killed first", R"({"process":{"oomScoreAdj":1000}})", nullptr},
    {"no score: the parent's", R"({"process":{}})", nullptr},
    {"batch work", R"({"process":{"scheduler":{"policy":"SCHED_BATCH","nice":5}}})", nullptr},
    {"idle input and output", R"({"process":{"ioPriority":{"class":"IOPRIO_CLASS_IDLE","priority":7}}})", nullptr},
    {"a 32-bit image", R"({"linux":{"personality":{"domain":"LINUX32","flags":[]}}})", nullptr},
    {"a directory that only looks like /proc", R"({"process":{"cwd":"/process/../procedures"}})", nullptr},
    {"dots that stay outside /proc", R"({"process":{"cwd":"/proc/../srv"}})", nullptr},
};

const Row cut[] = {
    {"spared before the host", R"({"process":{"oomScoreAdj":-500}})", R"({"process":{"oomScoreAdj":0}})", {"-500"}},
    {"spared for ever",
     R"({"process":{"oomScoreAdj":-9223372036854775808}})",
     R"({"process":{"oomScoreAdj":0}})",
     {"-9223372036854775808"}},
    {"real time, first in first out",
     R"({"process":{"scheduler":{"policy":"SCHED_FIFO","priority":99}}})",
     R"({"process":{}})",
     {"SCHED_FIFO"}},
    {"deadlines",
     R"({"process":{"scheduler":{"policy":"SCHED_DEADLINE","runtime":1}}})",
     R"({"process":{}})",
     {"SCHED_DEADLINE"}},
    {"nicer than the host",
     R"({"process":{"scheduler":{"policy":"SCHED_OTHER","nice":-5}}})",
     R"({"process":{}})",
     {"SCHED_OTHER"}},
    {"a scheduler nobody knows",
     R"({"process":{"scheduler":{"policy":"sched_fifo"}}})",
     R"({"process":{}})",
     {"sched_fifo"}},
    {"a scheduler without a policy", R"({"process":{"scheduler":{}}})", R"({"process":{}})", {""}},
    {"real-time input and output",
     R"({"process":{"ioPriority":{"class":"IOPRIO_CLASS_RT","priority":0}}})",
     R"({"process":{}})",
     {"IOPRIO_CLASS_RT"}},
    {"an affinity of its own", R"({"process":{"execCPUAffinity":{"initial":"0-3"}}})", R"({"process":{}})"},
    {"no address randomisation",
     R"({"linux":{"personality":{"domain":"LINUX","flags":["ADDR_NO_RANDOMIZE"]}}})",
     R"({"linux":{}})",
     {"LINUX"}},
    {"a foreign personality", R"({"linux":{"personality":{"domain":"SVR4"}}})", R"({"linux":{}})", {"SVR4"}},
    {"another time", R"({"linux":{"timeOffsets":{"boottime":{"secs":1}}}})", R"({"linux":{}})", {"timeOffsets"}},
    {"chosen memory nodes",
     R"({"linux":{"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0"}}})",
     R"({"linux":{}})",
     {"memoryPolicy"}},
};

}  // namespace

TEST_CASE("process-knobs: what gives no precedence stays") {
  for (const Row& row : kept) {
    INFO(row.sentence);
    const auto seen = look(controls::process_knobs, row.spec);
    CHECK(seen.after == Json::parse(row.spec));
    CHECK(seen.refused.empty());
  }
}

TEST_CASE("process-knobs: precedence is taken away") {
  for (const Row& row : cut) {
    INFO(row.sentence);
    const auto seen = look(controls::process_knobs, row.spec);
    CHECK(seen.after == Json::parse(row.after));
    CHECK(seen.asked == row.asked);
  }
}

TEST_CASE("process-knobs: a working directory that is a way out is refused") {
  for (const char* cwd : {"/proc", "/proc/self/fd/7", "//proc/self/fd/8/", "/./proc/1/root", "/srv/../proc/self/fd/7",
                          "/../../proc", "/dev/fd/7", "/dev/../dev//fd", "proc/self/fd/7", "srv", "", "../proc"}) {
    INFO(cwd);
    const Spec spec(Json{{"process", {{"cwd", cwd}}}});
    CHECK(look(controls::process_knobs, spec, {}, {}).refused == Names{cwd});
  }
}

TEST_CASE("process-knobs: kubelet's scores are not the user's wish") {
  Facts facts;
  for (const Engine engine : {Engine::cri_o, Engine::containerd}) {
    facts.workload.engine = engine;
    const auto seen = look(controls::process_knobs, R"({"process":{"oomScoreAdj":-997}})", {}, facts);
    CHECK(seen.asked.empty());
    CHECK(seen.after == Json::parse(R"({"process":{"oomScoreAdj":0}})"));
  }
}

TEST_CASE("process-knobs: an exec is not spared before its container") {
  struct {
    const char* sentence;
    const char* granted;
    int asked, after;
  } const execs[] = {
      {"the container's own", R"({"oomScoreAdj":0})", 0, 0},
      {"what a waiver let the container have", R"({"oomScoreAdj":-500})", -500, -500},
      {"more than the waiver let it have", R"({"oomScoreAdj":-500})", -800, -500},
      {"less than the container's", R"({"oomScoreAdj":300})", 0, 300},
      {"killed first", R"({"oomScoreAdj":300})", 900, 900},
      {"a container that says nothing", R"({})", -1, 0},
  };
  for (const auto& row : execs) {
    INFO(row.sentence);
    const Spec spec(Json{{"process", {{"oomScoreAdj", row.asked}}}});
    const auto seen = look(controls::process_knobs, spec, {}, test::exec_facts(row.granted));
    CHECK(seen.after == Json{{"process", {{"oomScoreAdj", row.after}}}});
  }
}
