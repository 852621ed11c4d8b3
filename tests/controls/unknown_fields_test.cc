#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

TEST_CASE("unknown-fields: the spec must have version 1") {
  for (const char* version : {"1.0.0", "1.0.2-dev", "1.2.1", "1.3.0", "1.0.0-rc5-dev", "1.1.0+build"}) {
    CAPTURE(version);
    CHECK(try_control(unknown_fields, Json{{"ociVersion", version}}.dump()).lines.empty());
  }
  for (const char* version :
       {"", "2.0.0", "0.9.0", "1", "1.0", "1.x.0", "1.0.0.0", "v1.0.0", "1..0", "10.0.0", " 1.0.0", "-1.0.0"}) {
    CAPTURE(version);
    CHECK(try_control(unknown_fields, Json{{"ociVersion", version}}.dump()).lines ==
          Lines{std::string("refuse ") + version});
  }
  CHECK(try_control(unknown_fields, "{}").lines == Lines{"refuse "});
  CHECK(try_control(unknown_fields, R"({"ociVersion":null})").lines == Lines{"refuse "});
}

TEST_CASE("unknown-fields: each unknown member is refused by its pointer, on every operation") {
  Facts facts;
  facts.unknown_members = {"/windows", "/linux/newThing", "/process/a~1b"};
  const Lines refused = {"refuse /windows", "refuse /linux/newThing", "refuse /process/a~1b"};
  const std::string text = R"({"ociVersion":"1.0.2","windows":{},"linux":{"newThing":1},"process":{"a/b":{}}})";
  for (const auto operation : {host::Operation::create, host::Operation::exec, host::Operation::update}) {
    facts.operation = operation;
    CHECK(try_control(unknown_fields, text, Policy{}, facts).lines == refused);
  }
  CHECK(unknown_fields.fallback == policy::Level::enforce);
}

TEST_CASE("unknown-fields: exec and update documents carry no version") {
  Facts facts;
  facts.operation = host::Operation::exec;
  CHECK(try_control(unknown_fields, R"({"process":{}})", Policy{}, facts).lines.empty());
  facts.operation = host::Operation::update;
  CHECK(try_control(unknown_fields, R"({"linux":{"resources":{}}})", Policy{}, facts).lines.empty());
}

TEST_CASE("unknown-fields: the specs Docker hands over are known") {
  CHECK(try_control(unknown_fields, engine_spec("docker-default.json")).lines.empty());
}
