#include "record/runs.h"

#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "example.h"
#include "record/layout.h"
#include "state/process.h"
#include "temporary.h"

using namespace hardened;
using record::Run;
using record::Runs;
using testing::example_run;
using testing::TemporaryDirectory;

TEST_CASE("runs: what is written is read again") {
  Run run = example_run();
  run.lost = {"a sentence", "another"};
  CHECK(record::decode(record::encode(run), "r").value() == run);
}

TEST_CASE("runs: what describes no run is refused") {
  for (const char* text :
       {"", "[]", "{", "{}", R"({"container": "a"})", R"({"runtime_root": "/r"})",
        R"({"container": "a", "runtime_root": "/r", "slot": 64})", R"({"container": 1, "runtime_root": "/r"})"}) {
    INFO(text);
    CHECK_FALSE(record::decode(text, "r"));
  }
}

TEST_CASE("runs: one that has no slot says so, and so does one whose slot is missing") {
  Run run = example_run();
  run.slot = -1;
  CHECK(record::decode(record::encode(run), "r")->slot == -1);
  CHECK(record::decode(R"({"container": "a", "runtime_root": "/r"})", "r")->slot == -1);
}

TEST_CASE("runs: a container's is found by its id and its runtime's root, until it is removed") {
  const TemporaryDirectory temporary;
  const auto runs = Runs::open(temporary.path("state"));
  REQUIRE(runs);
  CHECK(runs->empty());
  Run run = example_run();
  REQUIRE(runs->store(run));
  CHECK(runs->find("/run/runc", "box").value() == run);
  CHECK_FALSE(runs->find("/run/runc", "other").value());
  CHECK_FALSE(runs->find("/run/crun", "box").value());
  run.lost = {"changed"};
  REQUIRE(runs->store(run));
  CHECK(runs->all() == std::vector<Run>{run});
  CHECK_FALSE(runs->empty());
  runs->remove(run);
  CHECK(runs->empty());
}

TEST_CASE("runs: what cannot be read is left out, and never taken for another's") {
  const TemporaryDirectory temporary;
  const auto runs = Runs::open(temporary.path("state"));
  REQUIRE(runs);
  testing::write_text(temporary.path("state/training/broken"), "{");
  CHECK(runs->all().empty());
  CHECK_FALSE(runs->empty());
}

TEST_CASE("runs: they are for root alone") {
  const TemporaryDirectory temporary;
  const auto runs = Runs::open(temporary.path("state"));
  REQUIRE(runs);
  REQUIRE(runs->store(example_run()));
  struct stat status {};
  REQUIRE(::stat(temporary.path("state/training").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0700);
}

TEST_CASE("runs: each has a slot of its own, and when all are taken there is none") {
  std::vector<Run> runs;
  for (int slot = 0; slot < record_slots; ++slot) {
    CHECK(record::free_slot(runs) == slot);
    runs.push_back(example_run());
    runs.back().slot = slot;
  }
  CHECK(record::free_slot(runs) == -1);
  runs[17].slot = -1;
  CHECK(record::free_slot(runs) == 17);
}

TEST_CASE("runs: one is needed while its container exists or its create goes on") {
  const TemporaryDirectory temporary;
  Run run = example_run();
  run.runtime_root = temporary.path();
  run.creator = "1:1";  // the number is in use, but not by a process of that time
  CHECK_FALSE(record::is_needed(run));
  run.creator = state::format_process(state::this_process().value());
  CHECK(record::is_needed(run));
  run.creator = "";
  CHECK_FALSE(record::is_needed(run));
  std::filesystem::create_directory(temporary.path("box"));
  CHECK(record::is_needed(run));
  // One that a hook told of has no runtime's root.
  run.bundle = temporary.path("bundle");
  CHECK_FALSE(record::is_needed(run));
  std::filesystem::create_directory(run.bundle);
  CHECK(record::is_needed(run));
  CHECK(record::decode(record::encode(run), "r").value() == run);
}

TEST_CASE("runs: one that cannot be read is no reason to go on recording") {
  const TemporaryDirectory temporary;
  const auto runs = Runs::open(temporary.path("state"));
  REQUIRE(runs);
  const Run run = example_run();
  REQUIRE(runs->store(run));
  std::filesystem::resize_file(runs->path_of(run), 20);
  Run other = example_run();
  other.container = "other";
  REQUIRE(runs->store(other));
  runs->remove_damaged();
  REQUIRE(runs->all().size() == 1);
  CHECK(runs->all().front() == other);
  runs->remove(other);
  CHECK(runs->empty());
}

TEST_CASE("runs: the number the kernel knows one by is never that of an empty slot") {
  Run run = example_run();
  CHECK(run.number() == 0x0123456789abcdefU);
  run.id = std::string(32, '0');
  CHECK(run.number() == 1);
  run.id = "";
  CHECK(run.number() == 1);
}
