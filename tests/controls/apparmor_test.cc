#include "controls/look.h"

using namespace hardened;
using test::look;
using Names = std::vector<std::string>;

namespace {

Facts with(Engine engine, std::vector<std::string> loaded) {
  Facts facts;
  facts.workload.engine = engine;
  facts.apparmor = true;
  facts.apparmor_profiles = std::move(loaded);
  return facts;
}

struct Row {
  const char* sentence;
  Engine engine;
  std::vector<std::string> loaded;
  std::string asked;
  std::string after;
  bool excess = false;
  bool refused = false;
};

const Row rows[] = {
    {"Docker's own profile", Engine::docker, {"docker-default"}, "docker-default", "docker-default"},
    {"a loaded profile of the site", Engine::docker, {"docker-default", "web"}, "web", "web"},
    {"none asked for: Docker's own", Engine::docker, {"man_db", "docker-default"}, "", "docker-default"},
    {"none asked for: Podman's own, whatever its version",
     Engine::podman,
     {"containers-default-0.50.1"},
     "",
     "containers-default-0.50.1"},
    {"none asked for: CRI-O's own", Engine::cri_o, {"crio-default"}, "", "crio-default"},
    {"none asked for and none loaded", Engine::docker, {"man_db"}, "", ""},
    {"none asked for by an engine we do not know", Engine::unknown, {"docker-default"}, "", ""},
    {"unconfined, with a default at hand", Engine::docker, {"docker-default"}, "unconfined", "docker-default", true},
    {"unconfined, with no default", Engine::podman, {"docker-default"}, "unconfined", "unconfined", false, true},
    {"unconfined in another namespace",
     Engine::docker,
     {"docker-default"},
     ":other://unconfined",
     "docker-default",
     true},
    {"unconfined, stacked", Engine::docker, {"docker-default"}, "docker-default//&unconfined", "docker-default", true},
    {"a name that only ends in the word", Engine::docker, {"my-unconfined"}, "my-unconfined", "my-unconfined"},
    {"a profile that is not enforced", Engine::docker, {"docker-default"}, "complaining", "docker-default", true},
    {"a profile where the list cannot be read", Engine::docker, {}, "web", "web"},
};

}  // namespace

TEST_CASE("apparmor: confined where the host can") {
  for (const Row& row : rows) {
    INFO(row.sentence);
    Json process = Json::object();
    if (!row.asked.empty()) process["apparmorProfile"] = row.asked;
    const auto seen = look(controls::apparmor, Spec(Json{{"process", process}}), {}, with(row.engine, row.loaded));
    CHECK(Spec(seen.after).text("/process/apparmorProfile").value_or("") == row.after);
    CHECK(seen.asked == (row.excess ? Names{row.asked} : Names{}));
    CHECK(seen.refused == (row.refused ? Names{row.asked} : Names{}));
  }
}

TEST_CASE("apparmor: a host without it is left alone") {
  const char* text = R"({"process":{"apparmorProfile":"unconfined"}})";
  CHECK(look(controls::apparmor, text).after == Json::parse(text));
}

TEST_CASE("apparmor: an exec is confined as its container is") {
  Facts facts = with(Engine::docker, {"docker-default", "web"});
  facts.operation = host::Operation::exec;
  facts.granted_process = Json::parse(R"({"apparmorProfile":"web"})");
  for (const char* text :
       {R"({"process":{}})", R"({"process":{"apparmorProfile":"docker-default"}})",
        R"({"process":{"apparmorProfile":"unconfined"}})", R"({"process":{"apparmorProfile":"web"}})"}) {
    INFO(text);
    const auto seen = look(controls::apparmor, text, {}, facts);
    CHECK(seen.after == Json::parse(R"({"process":{"apparmorProfile":"web"}})"));
    CHECK(seen.asked.empty());
  }
  SECTION("a container that was let off its profile does not take it off its execs") {
    facts.granted_process = Json::parse(R"({"apparmorProfile":"unconfined"})");
    const char* text = R"({"process":{"apparmorProfile":"docker-default"}})";
    CHECK(look(controls::apparmor, text, {}, facts).after == Json::parse(text));
  }
}
