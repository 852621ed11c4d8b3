#include "record/steps.h"

#include "catch.h"
#include "example.h"
#include "oci/json.h"
#include "record/audit_board.h"
#include "record/runs.h"
#include "state/process.h"
#include "temporary.h"

using namespace hardened;
using record::asks_to_end;
using testing::example_run;

namespace {

struct Host {
  testing::TemporaryDirectory temporary;
  record::Places places{temporary.path("state"), temporary.path("logs")};

  // A run whose container has ended.
  void add(const record::Run& run) const { REQUIRE(record::Runs::open(places.state)->store(run)); }
  [[nodiscard]] bool take(std::vector<const char*> arguments) const {
    arguments.insert(arguments.begin(), "hardened-train");
    return record::step(runtime::parse(arguments), places).has_value();
  }
  [[nodiscard]] Json log() const {
    return Json::parse(testing::read_text(places.logs + "/" + example_run().id + ".jsonl"));
  }
  [[nodiscard]] bool has_log() const {
    return std::filesystem::exists(places.logs + "/" + example_run().id + ".jsonl");
  }
};

record::Run ended_run() {
  record::Run run = example_run();
  run.init = "1:1";
  run.cgroups.clear();
  return run;
}

}  // namespace

TEST_CASE("steps: which signals ask a container to end") {
  for (const char* signal : {"", "TERM", "SIGTERM", "term", "15", "KILL", "9", "SIGINT", "2", "QUIT", "3", "SIGWINCH",
                             "37", "RTMIN+3", "no signal"}) {
    INFO(signal);
    CHECK(asks_to_end(signal, ""));
  }
  for (const char* signal :
       {"0", "HUP", "SIGHUP", "hup", "1", "USR1", "10", "USR2", "12", "CONT", "18", "STOP", "19"}) {
    INFO(signal);
    CHECK_FALSE(asks_to_end(signal, "SIGQUIT"));
  }
}

TEST_CASE("steps: an image may choose any signal to end by") {
  for (const char* signal : {"USR1", "SIGUSR1", "10"}) {
    for (const char* of_the_image : {"SIGUSR1", "usr1", "10"}) CHECK(asks_to_end(signal, of_the_image));
    CHECK_FALSE(asks_to_end(signal, "SIGUSR2"));
  }
}

TEST_CASE("steps: containers that are not recorded, and other verbs, leave nothing behind") {
  const Host host;
  CHECK(host.take({"start", "other"}));
  CHECK(host.take({"kill", "other", "TERM"}));
  CHECK(host.take({"delete", "--force", "other"}));
  CHECK(host.take({"state", "box"}));
  CHECK(host.take({"delete"}));
  CHECK(host.take({"--version"}));
  CHECK_FALSE(std::filesystem::exists(host.places.logs));
}

TEST_CASE("steps: delete writes the log once, under the root it was created with, and says what is missing") {
  const Host host;
  host.add(ended_run());
  CHECK(host.take({"--root", "/run/other", "delete", "box"}));
  CHECK_FALSE(host.has_log());
  CHECK(host.take({"--root", "/run/runc", "delete", "box"}));
  REQUIRE(host.has_log());
  const Json log = host.log();
  CHECK(log["complete"] == false);
  CHECK(log["lost"].size() == 2);  // neither programs nor an upper directory are there
  std::filesystem::remove_all(host.places.logs);
  CHECK(host.take({"delete", "--force", "box"}));
  CHECK_FALSE(host.has_log());
}

TEST_CASE("steps: the delete of a living container is the runtime's to refuse, but for a forced one") {
  const Host host;
  record::Run run = ended_run();
  run.init = state::format_process(state::this_process().value());
  host.add(run);
  CHECK(host.take({"delete", "box"}));
  CHECK_FALSE(host.has_log());
  for (const char* force : {"--force", "-f"}) {
    host.add(run);
    CHECK(host.take({"delete", force, "box"}));
    CHECK(host.log()["lost"][0] == "it was removed while it ran");
  }
}

TEST_CASE("steps: a start that cannot be recorded is said in the log") {
  const Host host;
  record::Run run = ended_run();
  run.runtime_root = host.temporary.path("runc");
  run.init = "";
  host.add(run);
  CHECK(host.take({"--root", run.runtime_root.c_str(), "start", "box"}));
  CHECK(host.take({"--root", run.runtime_root.c_str(), "delete", "box"}));
  CHECK(host.log()["lost"][0].get<std::string>().starts_with(
      "no system call was recorded: cannot find the first process of the container in "));
}

TEST_CASE("steps: a container whose start nobody saw has a log that says so") {
  const Host host;
  record::Run run = ended_run();
  run.runtime_root = host.temporary.path("runc");
  run.init = "";
  std::filesystem::create_directories(run.runtime_root + "/box");
  host.add(run);
  CHECK(host.take({"--root", run.runtime_root.c_str(), "delete", "box"}));
  CHECK(host.log()["lost"][0] == "no system call was recorded: the recorder did not run at its start");
}

TEST_CASE("steps: what audit records told is kept when nobody reads them any more, and leaves nothing behind") {
  const Host host;
  record::Run run = ended_run();
  run.tier = "audit";
  run.listener = "";
  host.add(run);
  const std::string path = host.places.state + "/training/." + run.id + ".board";
  {
    const auto board = record::make_board(path);
    REQUIRE(board);
    (*board)->calls[record_serve][record_native].seen[0] = 1;
  }
  CHECK(host.take({"--root", "/run/runc", "delete", "box"}));
  CHECK(host.log()["syscalls"] == Json::parse(R"({"SCMP_ARCH_X86_64": {"read": ["serve"]}})"));
  CHECK(host.log()["tier"] == "audit");
  CHECK(host.log()["lost"][0] == "nobody read the audit records");
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("steps: a create that failed leaves neither a run nor a log") {
  const Host host;
  record::Run run = ended_run();
  run.init = "";
  host.add(run);
  CHECK(host.take({"delete", "--force", "box"}));
  CHECK_FALSE(host.has_log());
  CHECK(record::Runs::look(host.places.state)->empty());
}

TEST_CASE("steps: a log that cannot be written leaves the run for a later one") {
  Host host;
  host.add(ended_run());
  testing::write_text(host.temporary.path("file"), "");
  host.places.logs = host.temporary.path("file/below");
  CHECK_FALSE(host.take({"delete", "box"}));
  host.places.logs = host.temporary.path("logs");
  CHECK(host.take({"delete", "box"}));
  CHECK(host.has_log());
}

TEST_CASE("steps: a description that is none is refused") {
  const Host host;
  CHECK_FALSE(record::expect("", host.places));
  CHECK_FALSE(record::expect("{}", host.places));
}
