#include "generate/training_log.h"

#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

#include "catch.h"
#include "generate/samples.h"
#include "policy/embedded.h"

using namespace hardened;
using namespace hardened::testing;
using generate::Phase;

namespace {

std::string error_of(const Json& run) {
  const auto decoded = generate::decode_run({"log:7", {}, Json::parse(run.dump())});
  return decoded ? "decoded" : decoded.error().message;
}

Json with(const std::string& pointer, const Json& value) {
  Json run = sample_run();
  run[Json::json_pointer(pointer)] = value;
  return run;
}

Json without(const std::string& member) {
  Json run = sample_run();
  run.erase(member);
  return run;
}

class Schema {
 public:
  Schema() : schema_(nlohmann::json::parse(embedded::find("schemas/training.schema.json"))) {
    // valijson reads limits as signed numbers.
    schema_["/properties/arguments/items/properties/values/items"_json_pointer].erase("maximum");
    schema_["/definitions/time"_json_pointer].erase("format");  // it ends the program on what is no text
    valijson::SchemaParser().populateSchema(valijson::adapters::NlohmannJsonAdapter(schema_), compiled_);
  }
  [[nodiscard]] bool accepts(const Json& document) const {
    const auto plain = nlohmann::json::parse(document.dump());
    valijson::Validator validator;
    return validator.validate(compiled_, valijson::adapters::NlohmannJsonAdapter(plain), nullptr);
  }

 private:
  nlohmann::json schema_;
  valijson::Schema compiled_;
};

// Every value of `node` in turn becomes each of a few odd ones.
void mutate(const Json& node, const std::string& pointer, std::vector<Json>& mutants) {
  for (const Json& odd : {Json(), Json(-1), Json(1.5), Json(""), Json("/x\n"), Json::array({"start", "start"}),
                          Json::object(), Json(true), Json(7U)})
    mutants.push_back(with(pointer, odd));
  if (!node.is_structured()) return;
  for (const auto& [name, member] : node.items()) mutate(member, pointer + "/" + name, mutants);
}

}  // namespace

TEST_CASE("training log: a run is decoded with all it says") {
  const auto run = generate::decode_run({"log:1", {}, sample_run()});
  REQUIRE(run);
  CHECK(run->image == "nginx:1.25");
  CHECK(run->syscalls.at("SCMP_ARCH_X86_64").at("read") == generate::Phases{Phase::start, Phase::serve});
  CHECK(run->arguments.front().values == std::vector<std::uint64_t>{2, 10});
  CHECK(run->capabilities.value().front().granted);
  CHECK(run->writes.front().bytes == 100);
  CHECK(run->peaks.memory == 50000000U);
  CHECK(run->complete);
  CHECK(generate::words_of(run->phases) == "start, serve, stop, exec");
}

TEST_CASE("training log: what the schema refuses is refused, with the place and the reason") {
  CHECK(error_of(without("complete")) == "log:7: cannot do without \"complete\"");
  CHECK(error_of(with("/version", 2U)).starts_with("log:7: cannot use 2 as \"version\""));
  CHECK(error_of(with("/sycalls", 1U)).find("did you mean \"syscalls\"?") != std::string::npos);
  CHECK(error_of(with("/phases", {"start", "start"})) == "log:7: cannot name a phase twice");
  CHECK(error_of(with("/syscalls/SCMP_ARCH_X86_64/evil\nname", Json::array())).find("evil\\x0aname") !=
        std::string::npos);
  CHECK(error_of(with("/arguments/0/any", true)).find("do without one of") != std::string::npos);
  CHECK(error_of(with("/arguments/0/index", 6U)).find("beyond the sixth") != std::string::npos);
  CHECK(error_of(with("/writes/0/path", "relative")).find("\"path\"") != std::string::npos);
  CHECK(error_of(with("/capabilities/0/count", 0U)) == "log:7: cannot use 0 as \"count\"");
}

TEST_CASE("training log: times must be in UTC, since they are compared as text") {
  CHECK(error_of(with("/started", "2026-03-01T12:00:00+02:00")).find("\"started\"") != std::string::npos);
  CHECK(error_of(with("/started", "2026-03-01T12:00:00.1Z")) == "decoded");
  CHECK(error_of(with("/started", "2026-03-01T12:00:00.Z")) != "decoded");
  CHECK(error_of(with("/started", "2026-03-01 12:00:00Z")) != "decoded");
}

TEST_CASE("training log: the schema and the decoder come to the same verdict") {
  const Schema schema;
  std::vector<Json> mutants = {sample_run(), with("/surprise", 1U), with("/peaks/surprise", 1U)};
  const Json sample = sample_run();
  for (const auto& [name, value] : sample.items()) {
    mutants.push_back(without(name));
    mutate(value, "/" + name, mutants);
  }
  std::size_t refused = 0;
  for (const Json& mutant : mutants) {
    const bool decodes = error_of(mutant) == "decoded";
    const bool odd_time = !decodes && error_of(mutant).find("ed\": it has not the form") != std::string::npos;
    INFO(mutant.dump() << "\n" << error_of(mutant));
    CHECK((odd_time || decodes == schema.accepts(mutant)));
    refused += decodes ? 0 : 1;
  }
  CHECK(refused > 300);
}
