#include "oci/spec.h"

#include <limits>

#include "catch.h"

using namespace hardened;

TEST_CASE("spec: typed look-ups answer only for the type they ask for") {
  const Spec spec(Json::parse(R"({"text":"t","number":-7,"big":18446744073709551615,"float":1.5,"yes":true,"no":false,
    "nothing":null,"list":["a",1,"b",null],"object":{"k":"v"}})"));
  CHECK(spec.text("/text") == "t");
  CHECK(spec.integer("/number") == -7);
  CHECK(spec.integer("/big") == std::numeric_limits<std::int64_t>::max());
  CHECK(spec.is_true("/yes"));
  CHECK_FALSE(spec.is_true("/no"));
  CHECK(spec.strings("/list") == std::vector<std::string>{"a", "b"});
  CHECK(spec.elements("/list").size() == 4);
  CHECK(spec.elements("/object").size() == 1);
  CHECK(spec.value("/number") == Json(-7));
  for (const char* pointer : {"/number", "/yes", "/nothing", "/list", "/object", "/missing", "/text/x"}) {
    INFO(pointer);
    CHECK_FALSE(spec.text(pointer));
  }
  for (const char* pointer : {"/text", "/float", "/yes", "/nothing", "/list", "/missing"}) {
    INFO(pointer);
    CHECK_FALSE(spec.integer(pointer));
  }
  for (const char* pointer : {"/text", "/number", "/nothing", "/missing"}) {
    INFO(pointer);
    CHECK_FALSE(spec.is_true(pointer));
    CHECK(spec.elements(pointer).empty());
    CHECK(spec.strings(pointer).empty());
  }
  CHECK_FALSE(spec.value("/nothing"));
  CHECK_FALSE(spec.value("/missing"));
}

TEST_CASE("spec: the ends of 64 bits") {
  const Spec spec(
      Json::parse(R"({"low":-9223372036854775808,"high":9223372036854775807,"above":9223372036854775808})"));
  CHECK(spec.integer("/low") == std::numeric_limits<std::int64_t>::min());
  CHECK(spec.integer("/high") == std::numeric_limits<std::int64_t>::max());
  CHECK(spec.integer("/above") == std::numeric_limits<std::int64_t>::max());
}

TEST_CASE("spec: a document that is not an object answers nothing") {
  for (const char* text : {"null", "[]", "7", "\"text\""}) {
    INFO(text);
    const Spec spec(Json::parse(text));
    CHECK_FALSE(spec.text("/process/cwd"));
    CHECK(spec.elements("/mounts").empty());
    CHECK(spec.find("/process") == nullptr);
  }
}

TEST_CASE("spec: apply edits the document it holds") {
  Spec spec(Json::parse(R"({"process":{}})"));
  REQUIRE(spec.apply({"/process/noNewPrivileges", std::nullopt, Json(true)}));
  CHECK(spec.document().dump() == R"({"process":{"noNewPrivileges":true}})");
  CHECK_FALSE(spec.apply({"/process/noNewPrivileges", std::nullopt, Json(true)}));
}
