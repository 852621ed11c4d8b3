#include "state/init_process.h"

#include <sys/stat.h>

#include "catch.h"
#include "temporary.h"

using namespace hardened;
namespace fs = std::filesystem;

TEST_CASE("init process: the first process is the one that the runtime's own record names") {
  const testing::TemporaryDirectory root;
  const auto record = [&](const std::string& id, const char* file, const std::string& text) {
    fs::create_directories(root.path(id));
    testing::write_text(root.path(id) + "/" + file, text);
    ::chmod((root.path(id) + "/" + file).c_str(), 0600);
  };
  record("of-runc", "state.json", R"({"id":"x","init_process_pid":4321,"rootless":false})");
  record("of-crun", "status", R"({"pid":8765,"process-start-time":1})");
  record("broken", "state.json", "{");
  record("none", "state.json", R"({"init_process_pid":0})");
  record("odd", "state.json", R"({"init_process_pid":"4321"})");
  CHECK(state::init_of(root.path(), "of-runc").value() == 4321);
  CHECK(state::init_of(root.path(), "of-crun").value() == 8765);
  for (const char* id : {"broken", "none", "odd", "nowhere"}) CHECK_FALSE(state::init_of(root.path(), id));
}

TEST_CASE("init process: a record that others may write to names nobody") {
  const testing::TemporaryDirectory root;
  fs::create_directories(root.path("c"));
  testing::write_text(root.path("c") + "/state.json", R"({"init_process_pid":4321})");
  ::chmod((root.path("c") + "/state.json").c_str(), 0666);
  CHECK_FALSE(state::init_of(root.path(), "c"));
}

TEST_CASE("init process: without a record the error says where one was looked for, and runc's comes before crun's") {
  const testing::TemporaryDirectory root;
  const auto missing = state::init_of(root.path(), "nowhere");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "cannot find the first process of the container in " + root.path("nowhere"));
  fs::create_directories(root.path("both"));
  testing::write_text(root.path("both") + "/status", R"({"pid":8765})");
  ::chmod((root.path("both") + "/status").c_str(), 0600);
  CHECK(state::init_of(root.path(), "both").value() == 8765);
  testing::write_text(root.path("both") + "/state.json", R"({"init_process_pid":4321})");
  ::chmod((root.path("both") + "/state.json").c_str(), 0600);
  CHECK(state::init_of(root.path(), "both").value() == 4321);
}
