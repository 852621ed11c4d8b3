#include "record/log.h"

#include <sys/stat.h>

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "catch.h"
#include "example.h"
#include "policy/embedded.h"
#include "temporary.h"

using namespace hardened;
using record::Call;
using record::Ending;
using testing::example_run;

namespace {

bool is_valid(const Json& document) {
  static const auto schema = nlohmann::json::parse(embedded::find("schemas/training.schema.json"));
  valijson::Schema compiled;
  valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema), compiled);
  const auto plain = nlohmann::json::parse(document.dump());
  valijson::Validator validator;
  valijson::ValidationResults results;
  const bool valid = validator.validate(compiled, valijson::adapters::NlohmannJsonAdapter(plain), &results);
  for (const auto& error : results) UNSCOPED_INFO(error.description);
  return valid;
}

Ending example_ending() {
  Ending ending;
  ending.ended = "2026-03-01T12:00:09.000Z";
  ending.kernel = "6.18.0";
  ending.observed.calls = {{Call{record_native, 0}, {record_start, record_serve}},
                           {Call{record_native, 60}, {record_stop}},
                           {Call{record_i386, 20}, {record_exec}},
                           {Call{record_x32, 1}, {record_start}},
                           {Call{record_x32, 520}, {record_start}}};
  ending.observed.arguments[record_socket_family].kept = {1, 2};
  ending.observed.arguments[record_ioctl_request].any = true;
  ending.observed.capabilities = {{Call{record_native, 92}, 0, true, 2}, {Call{record_i386, 182}, 0, true, 3}};
  ending.writes.found = {{"/var/x", "file", 5}, {"/gone", "removed"}};
  ending.peaks = {4096, 3, std::nullopt};
  return ending;
}

}  // namespace

TEST_CASE("log: it is what the schema says, full and empty") {
  CHECK(is_valid(record::log_of(example_run(), example_ending())));
  record::Run run;
  run.id = example_run().id;
  run.started = example_run().started;
  Ending ending;
  ending.ended = run.started;
  CHECK(is_valid(record::log_of(run, ending)));
  run.id = "no name of a log";
  CHECK_FALSE(is_valid(record::log_of(run, ending)));
}

TEST_CASE("log: calls by architecture and name, with their phases; numbers without a name as numbers") {
  Ending ending = example_ending();
  ending.observed.calls[Call{record_native, 1000}] = {record_serve};
  const Json log = record::log_of(example_run(), ending);
  CHECK(log["syscalls"] == Json::parse(R"({
    "SCMP_ARCH_X32": {"execve": ["start"], "write": ["start"]},
    "SCMP_ARCH_X86": {"getpid": ["exec"]},
    "SCMP_ARCH_X86_64": {"1000": ["serve"], "exit": ["stop"], "read": ["start", "serve"]}})"));
  CHECK(log["phases"] == Json{"start", "serve", "stop", "exec"});
  CHECK(is_valid(log));
}

TEST_CASE("log: values of arguments, or that there were too many") {
  CHECK(record::log_of(example_run(), example_ending())["arguments"] == Json::parse(R"([
    {"syscall": "socket", "index": 0, "values": [1, 2]}, {"syscall": "ioctl", "index": 1, "any": true}])"));
}

TEST_CASE("log: one row for each capability, call and answer, whatever the ABI") {
  Ending ending = example_ending();
  ending.observed.capabilities.push_back({Call{record_native, 141}, 23, false, 1});
  CHECK(record::log_of(example_run(), ending)["capabilities"] == Json::parse(R"([
    {"capability": "CAP_CHOWN", "syscall": "chown", "granted": true, "count": 5},
    {"capability": "CAP_SYS_NICE", "syscall": "setpriority", "granted": false, "count": 1}])"));
}

TEST_CASE("log: where the kernel does not tell, capabilities are missing, not empty") {
  Ending ending = example_ending();
  CHECK(record::log_of(example_run(), ending).contains("capabilities"));
  ending.observed.capabilities_seen = false;
  CHECK_FALSE(record::log_of(example_run(), ending).contains("capabilities"));
}

TEST_CASE("log: audit records tell neither arguments nor capabilities") {
  record::Run run = example_run();
  run.tier = "audit";
  Ending ending = example_ending();
  ending.observed.capabilities_seen = ending.observed.arguments_seen = false;
  const Json log = record::log_of(run, ending);
  CHECK(log["tier"] == "audit");
  CHECK_FALSE(log.contains("arguments"));
  CHECK_FALSE(log.contains("capabilities"));
  CHECK(is_valid(log));
}

TEST_CASE("log: writes and peaks, with what is known of them only") {
  const Json log = record::log_of(example_run(), example_ending());
  CHECK(log["writes"] ==
        Json::parse(R"([{"path": "/var/x", "kind": "file", "bytes": 5}, {"path": "/gone", "kind": "removed"}])"));
  CHECK(log["peaks"] == Json::parse(R"({"memory": 4096, "pids": 3})"));
}

TEST_CASE("log: it is complete only when nothing was lost anywhere") {
  CHECK(record::log_of(example_run(), example_ending())["complete"] == true);
  CHECK_FALSE(record::log_of(example_run(), example_ending()).contains("lost"));
  record::Run run = example_run();
  Ending ending = example_ending();
  run.lost = {"a"};
  ending.observed.lost = {"b"};
  ending.writes.lost = {"c"};
  const Json log = record::log_of(run, ending);
  CHECK(log["complete"] == false);
  CHECK(log["lost"] == Json{"a", "b", "c"});
  CHECK(is_valid(log));
}

TEST_CASE("log: a name that is no text does not keep it from being written") {
  const testing::TemporaryDirectory temporary;
  Ending ending = example_ending();
  ending.writes.found = {{"/\xff\xfe\n", "file", 1}};
  REQUIRE(record::write_log(example_run(), ending, temporary.path("training")));
  const std::string text = testing::read_text(temporary.path("training/" + example_run().id + ".jsonl"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.back() == '\n');
  CHECK(is_valid(Json::parse(text)));
}

TEST_CASE("log: it is written for root alone, and not into a directory of others") {
  const testing::TemporaryDirectory temporary;
  REQUIRE(record::write_log(example_run(), example_ending(), temporary.path("training")));
  struct stat status {};
  REQUIRE(::stat(temporary.path("training/" + example_run().id + ".jsonl").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777U) == 0600);
  REQUIRE(::chmod(temporary.path("training").c_str(), 0777) == 0);
  CHECK_FALSE(record::write_log(example_run(), example_ending(), temporary.path("training")));
}
