#include "oci/schema.h"

#include "catch.h"
#include "oci/strict_json.h"
#include "temporary.h"

using namespace hardened;
using oci::check_shape;
using Strings = std::vector<std::string>;

TEST_CASE("schema: specs as engines write them hold nothing unknown") {
  for (const char* name : {"docker-default", "docker-hostile", "docker-limits", "docker-privileged"}) {
    INFO(name);
    const auto text = testing::read_text(std::string(HARDENED_SOURCE_DIR "/tests/data/specs/") + name + ".json");
    const auto document = oci::parse_strict(text, name);
    REQUIRE(document);
    const auto unknown = check_shape(document->value, oci::spec_shape, name);
    REQUIRE(unknown);
    CHECK(*unknown == Strings{});
  }
}

TEST_CASE("schema: members the runtime-spec does not know are reported in order, also deep down") {
  const auto unknown =
      check_shape(Json::parse(R"({"ociVersion":"1.0.2","vm":{},"process":{"privileged":true,"user":{"uid":0,"a/b":1}},
        "mounts":[{"destination":"/a"},{"destination":"/b","idmap":"x"}],
        "linux":{"resources":{"memory":{"limit":1,"high":2},"rdma":{"mlx5":{"hcaHandles":1,"x":1}}},
                 "seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["a"],"priority":1}]}}})"),
                  oci::spec_shape, "config.json");
  REQUIRE(unknown);
  CHECK(*unknown == Strings{"/vm", "/process/privileged", "/process/user/a~1b", "/mounts/1/idmap",
                            "/linux/resources/memory/high", "/linux/resources/rdma/mlx5/x",
                            "/linux/seccomp/syscalls/0/priority"});
}

TEST_CASE("schema: a member that Go would read as another one is refused") {
  struct Row {
    const char* document;
    const char* message;
  };
  const Row rows[] = {
      {R"({"Process":{}})", R"(cannot read c: /Process differs from "process" only by case)"},
      {R"({"process":{"noNewprivileges":true}})",
       R"(cannot read c: /process/noNewprivileges differs from "noNewPrivileges" only by case)"},
      {R"({"process":{"noNewPrivileges":true,"NONEWPRIVILEGES":false}})",
       R"(cannot read c: /process/NONEWPRIVILEGES differs from "noNewPrivileges" only by case)"},
      {"{\"linux\":{\"ma\xc5\xbfkedPaths\":[]}}",
       "cannot read c: /linux/ma\xc5\xbfkedPaths differs from \"maskedPaths\" only by case"},
      {"{\"hoo\xe2\x84\xaas\":{}}", "cannot read c: /hoo\xe2\x84\xaas differs from \"hooks\" only by case"},
      {R"({"mounts":[{"Destination":"/etc"}]})",
       R"(cannot read c: /mounts/0/Destination differs from "destination" only by case)"},
      {R"({"linux":{"netDevices":{"eth0":{"NAME":"x"}}}})",
       R"(cannot read c: /linux/netDevices/eth0/NAME differs from "name" only by case)"},
  };
  for (const Row& row : rows) {
    INFO(row.document);
    const auto unknown = check_shape(Json::parse(row.document), oci::spec_shape, "c");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message == row.message);
    CHECK(unknown.error().code == Code::syntax);
  }
}

TEST_CASE("schema: free names keep their case") {
  const auto unknown = check_shape(Json::parse(R"({"annotations":{"Process":"x","process":"y"},
    "linux":{"sysctl":{"Net.core.somaxconn":"1"},"resources":{"unified":{"Memory.max":"1"}}}})"),
                                   oci::spec_shape, "c");
  REQUIRE(unknown);
  CHECK(unknown->empty());
}

TEST_CASE("schema: a member of the wrong type is refused, null is absent") {
  struct Row {
    const char* document;
    const char* message;  // nullptr: accepted
  };
  const Row rows[] = {
      {R"({"process":null,"mounts":null,"annotations":null})", nullptr},
      {R"({"process":{"user":{"uid":0,"additionalGids":[1,2]}}})", nullptr},
      {R"({"linux":{"seccomp":{"syscalls":[{"args":[{"index":0,"value":18446744073709551615}]}]}}})", nullptr},
      {R"({"process":[]})", "cannot read c: /process must be an object"},
      {R"({"process":{"noNewPrivileges":"true"}})", "cannot read c: /process/noNewPrivileges must be a boolean"},
      {R"({"process":{"noNewPrivileges":0}})", "cannot read c: /process/noNewPrivileges must be a boolean"},
      {R"({"process":{"user":{"uid":1.0}}})", "cannot read c: /process/user/uid must be an integer"},
      {R"({"process":{"user":{"uid":"0"}}})", "cannot read c: /process/user/uid must be an integer"},
      {R"({"process":{"user":{"additionalGids":["0"]}}})",
       "cannot read c: /process/user/additionalGids must be a list of integers"},
      {R"({"process":{"args":"sh"}})", "cannot read c: /process/args must be a list of strings"},
      {R"({"process":{"env":["A=1",null]}})", "cannot read c: /process/env must be a list of strings"},
      {R"({"process":{"cwd":["/"]}})", "cannot read c: /process/cwd must be a string"},
      {R"({"mounts":{}})", "cannot read c: /mounts must be a list of objects"},
      {R"({"mounts":[null]})", "cannot read c: /mounts must be a list of objects"},
      {R"({"mounts":[{"options":[["ro"]]}]})", "cannot read c: /mounts/0/options must be a list of strings"},
      {R"({"annotations":{"a":1}})", "cannot read c: /annotations must be an object of strings"},
      {R"({"annotations":{"a":null}})", "cannot read c: /annotations must be an object of strings"},
      {R"({"linux":{"netDevices":{"eth0":"x"}}})", "cannot read c: /linux/netDevices must be an object of objects"},
      {R"({"hooks":{"prestart":[{"path":1}]}})", "cannot read c: /hooks/prestart/0/path must be a string"},
  };
  for (const Row& row : rows) {
    INFO(row.document);
    const auto unknown = check_shape(Json::parse(row.document), oci::spec_shape, "c");
    REQUIRE(unknown.has_value() == (row.message == nullptr));
    if (row.message != nullptr) CHECK(unknown.error().message == row.message);
  }
}

TEST_CASE("schema: a document that is no object is refused") {
  for (const char* text : {"[]", "null", "1", "\"x\""}) {
    INFO(text);
    const auto unknown = check_shape(Json::parse(text), oci::process_shape, "process");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().message == "cannot read process: not a JSON object");
  }
}

TEST_CASE("schema: the documents of exec and update have shapes of their own") {
  const Json process = Json::parse(R"({"args":["sh"],"cwd":"/","capabilities":{"bounding":[]},"x":1})");
  CHECK(check_shape(process, oci::process_shape, "p").value() == Strings{"/x"});
  const Json resources = Json::parse(R"({"pids":{"limit":-1},"cpu":{"idle":1},"unified":{"a":"b"},"y":1})");
  CHECK(check_shape(resources, oci::resources_shape, "r").value() == Strings{"/y"});
  CHECK_FALSE(check_shape(Json::parse(R"({"Pids":{"limit":-1}})"), oci::resources_shape, "r"));
}
