#include "state/init_process.h"

#include <sys/stat.h>

#include "catch.h"
#include "oci/json.h"
#include "state/process.h"
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

TEST_CASE("init process: a number that was given to another process since is not the container's") {
  const testing::TemporaryDirectory root;
  fs::create_directories(root.path("c"));
  const state::Process own = state::this_process().value();
  const auto record = [&](const char* file, const char* pid, const char* start, std::uint64_t time) {
    const Json document = {{pid, own.pid}, {start, time}};
    testing::write_text(root.path("c") + "/" + file, document.dump());
    ::chmod((root.path("c") + "/" + file).c_str(), 0600);
  };
  record("status", "pid", "process-start-time", own.start_time);
  CHECK(state::init_of(root.path(), "c").value() == own.pid);
  record("status", "pid", "process-start-time", own.start_time + 1);
  CHECK_FALSE(state::init_of(root.path(), "c"));
  record("state.json", "init_process_pid", "init_process_start", own.start_time);
  CHECK(state::init_of(root.path(), "c").value() == own.pid);
  record("state.json", "init_process_pid", "init_process_start", own.start_time - 1);
  CHECK(state::init_of(root.path(), "c").error().message.find("number of another one") != std::string::npos);
}
