#include "catch.h"
#include "controls/controls.h"
#include "controls/engine.h"

using namespace hardened;

TEST_CASE("no-new-privileges: set where it is absent or false, silent where it is true") {
  for (const char* text :
       {R"({"process":{}})", R"({"process":{"noNewPrivileges":false}})", R"({"process":{"noNewPrivileges":null}})"}) {
    const Spec spec(Json::parse(text));
    const auto verdict = controls::no_new_privileges.evaluate(spec, Policy{}, Facts{});
    REQUIRE(verdict.findings().size() == 1);
    Spec after = spec;
    REQUIRE(after.apply(verdict.findings().front().change));
    CHECK(after.is_true("/process/noNewPrivileges"));
  }
  CHECK(controls::no_new_privileges
            .evaluate(Spec(Json::parse(R"({"process":{"noNewPrivileges":true}})")), Policy{}, Facts{})
            .findings()
            .empty());
}
