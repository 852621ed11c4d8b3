#include "controls/look.h"

using namespace hardened;
using test::look;
using Names = std::vector<std::string>;

namespace {

Facts with_selinux() {
  Facts facts;
  facts.selinux = true;
  return facts;
}

struct Row {
  const char* sentence;
  const char* label;
  Names refused = {};
};

const Row rows[] = {
    {"Docker's and Podman's own label", "system_u:system_r:container_t:s0:c12,c870"},
    {"a container with an init of its own", "system_u:system_r:container_init_t:s0:c1,c2"},
    {"label=disable under Docker", "", {"disable"}},
    {"the super privileged type", "system_u:system_r:spc_t:s0", {"spc_t"}},
    {"no confinement at all", "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023", {"unconfined_t"}},
    {"the type in another field", "container_t:container_t:spc_t:container_t", {"spc_t"}},
    {"what is no label", "container_t", {"container_t"}},
    {"a type left empty", "a:b::s0", {"a:b::s0"}},
};

}  // namespace

TEST_CASE("selinux: a container type where the host has SELinux") {
  for (const Row& row : rows) {
    INFO(row.sentence);
    const Spec spec(Json{{"process", {{"selinuxLabel", row.label}}}});
    const auto seen = look(controls::selinux, spec, {}, with_selinux());
    CHECK(seen.refused == row.refused);
    CHECK(seen.after == spec.document());
    CHECK(look(controls::selinux, spec, {}, {}).refused.empty());
  }
  CHECK(look(controls::selinux, R"({"process":{}})", {}, with_selinux()).refused == Names{"disable"});
}

TEST_CASE("selinux: an exec has its container's label") {
  Facts facts = test::exec_facts(R"({"selinuxLabel":"system_u:system_r:container_t:s0:c1,c2"})");
  facts.selinux = true;
  for (const char* text : {R"({"process":{}})", R"({"process":{"selinuxLabel":""}})",
                           R"({"process":{"selinuxLabel":"system_u:system_r:spc_t:s0"}})",
                           R"({"process":{"selinuxLabel":"system_u:system_r:container_t:s0:c3,c4"}})"}) {
    INFO(text);
    const auto seen = look(controls::selinux, text, {}, facts);
    CHECK(Spec(seen.after).text("/process/selinuxLabel") == "system_u:system_r:container_t:s0:c1,c2");
    CHECK(seen.refused.empty());
  }
  SECTION("a container that was let off its label does not take it off its execs") {
    facts.granted_process = Json::parse(R"({"selinuxLabel":"system_u:system_r:spc_t:s0"})");
    const char* text = R"({"process":{"selinuxLabel":"system_u:system_r:container_t:s0:c1,c2"}})";
    CHECK(look(controls::selinux, text, {}, facts).after == Json::parse(text));
  }
}
