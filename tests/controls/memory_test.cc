#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

constexpr std::uint64_t gib = 1 << 30;

Policy strict() {
  Policy result;
  result.profile.name = "strict";
  result.profile.limits.memory = {.fallback = gib / 4, .max = gib};
  return result;
}

Facts facts(host::Operation operation = host::Operation::create) {
  Facts result;
  result.operation = operation;
  result.swap_accounting = true;
  result.memory_total = 8 * gib;
  return result;
}

std::string with(const std::string& memory) {
  return R"({"linux":{"resources":{"memory":{)" + memory + "}}}}";
}

struct Row {
  std::string container;
  std::string memory;
  Lines expected;
};

void check_rows(const std::vector<Row>& rows, const Facts& given) {
  for (const Row& row : rows) {
    CAPTURE(row.container);
    CHECK(try_control(memory, with(row.memory), strict(), given).lines == row.expected);
  }
}

const std::string limit = "/linux/resources/memory/limit ";
const std::string swap = "/linux/resources/memory/swap ";
const std::string reservation = "/linux/resources/memory/reservation ";

}  // namespace

TEST_CASE("memory: limit and swap at create") {
  const Lines defaults = {"tighten " + limit + "268435456", "tighten " + swap + "268435456"};
  check_rows(
      {
          {"asks for nothing", "", defaults},
          {"asks for 0", R"("limit":0,"swap":0)", defaults},
          {"asks for null", R"("limit":null)", defaults},
          {"a swap of twice the default limit, without a limit: judged again it is an engine's default",
           R"("swap":536870912)", defaults},
          {"512 MiB without a word on swap", R"("limit":536870912)", {"tighten " + swap + "536870912"}},
          {"512 MiB and the engine's default swap",
           R"("limit":536870912,"swap":1073741824)",
           {"tighten " + swap + "536870912"}},
          {"512 MiB and no swap", R"("limit":536870912,"swap":536870912)", {}},
          {"512 MiB and 2 GiB of swap",
           R"("limit":536870912,"swap":2684354560)",
           {"excess swap=2560MiB " + swap + "536870912"}},
          {"512 MiB and unlimited swap",
           R"("limit":536870912,"swap":-1)",
           {"excess swap=unlimited " + swap + "536870912"}},
          {"unlimited memory",
           R"("limit":-1)",
           {"excess memory=unlimited " + limit + "1073741824", "excess memory=unlimited " + swap + "1073741824"}},
          {"unlimited memory and swap",
           R"("limit":-1,"swap":-1)",
           {"excess memory=unlimited " + limit + "1073741824", "excess memory=unlimited " + swap + "1073741824"}},
          {"900 GiB",
           R"("limit":966367641600,"swap":1932735283200)",
           {"excess memory=900GiB " + limit + "1073741824", "excess memory=900GiB " + swap + "1073741824"}},
          {"900 GiB with unlimited swap",
           R"("limit":966367641600,"swap":-1)",
           {"excess memory=900GiB " + limit + "1073741824", "refuse swap=unlimited"}},
          {"more than 63 bits",
           R"("limit":18446744073709551615,"swap":1073741824)",
           {"excess memory=9223372036854775807 " + limit + "1073741824"}},
          {"only 100 MiB of memory and swap", R"("swap":104857600)", {"tighten " + limit + "104857600"}},
          {"only unlimited swap",
           R"("swap":-1)",
           {"tighten " + limit + "268435456", "excess swap=unlimited " + swap + "268435456"}},
      },
      facts());
}

TEST_CASE("memory: reservation and OOM killer at create") {
  check_rows(
      {
          {"a reservation below the limit", R"("limit":1048576,"swap":1048576,"reservation":524288)", {}},
          {"a reservation above the default limit",
           R"("reservation":536870912)",
           {"tighten " + limit + "268435456", "tighten " + swap + "268435456", "tighten " + reservation + "268435456"}},
          {"a reservation above the max",
           R"("limit":1048576,"swap":1048576,"reservation":2147483648)",
           {"excess reservation=2GiB " + reservation + "1048576"}},
          {"an unlimited reservation",
           R"("limit":1048576,"swap":1048576,"reservation":-1)",
           {"excess reservation=unlimited " + reservation + "1048576"}},
          {"no OOM killer",
           R"("limit":1048576,"swap":1048576,"disableOOMKiller":true)",
           {"excess disableOOMKiller /linux/resources/memory/disableOOMKiller false"}},
          {"what only restricts",
           R"("limit":1048576,"swap":1048576,"kernelTCP":4096,"swappiness":0,"disableOOMKiller":false)",
           {}},
      },
      facts());
}

TEST_CASE("memory: a host without swap accounting is given no swap limit") {
  Facts host = facts();
  host.swap_accounting = false;
  check_rows(
      {{"asks for nothing", "", {"tighten " + limit + "268435456"}},
       {"asks for swap all the same", R"("limit":1048576,"swap":4194304)", {"excess swap=4MiB " + swap + "1048576"}}},
      host);
}

TEST_CASE("memory: the default is no more than the machine has, and no limits mean no findings") {
  Facts small = facts();
  small.memory_total = gib / 8;
  check_rows({{"asks for nothing", "", {"tighten " + limit + "134217728", "tighten " + swap + "134217728"}}}, small);
  CHECK(try_control(memory, with(R"("limit":-1)"), Policy{}, facts()).lines.empty());
  CHECK(try_control(memory, "{}", Policy{}, facts()).lines.empty());
}

TEST_CASE("memory: an update changes nothing that it does not name, and swap moves with the limit") {
  Facts update = facts(host::Operation::update);
  update.granted_resources = Json::parse(R"({"memory":{"limit":268435456,"swap":268435456}})");
  check_rows(
      {
          {"names no memory", "", {}},
          {"names 0, as Docker does for what stays",
           R"("limit":0,"swap":0,"reservation":0)",
           {"tighten " + limit + "gone", "tighten " + swap + "gone", "tighten " + reservation + "gone"}},
          {"raises the limit", R"("limit":536870912)", {"tighten " + swap + "536870912"}},
          {"raises the limit and names 0 for the rest",
           R"("limit":536870912,"swap":0,"reservation":0)",
           {"tighten " + reservation + "gone", "tighten " + swap + "536870912"}},
          {"lowers the limit", R"("limit":134217728)", {"tighten " + swap + "134217728"}},
          {"raises it with the engine's default swap",
           R"("limit":536870912,"swap":1073741824)",
           {"tighten " + swap + "536870912"}},
          {"lifts the limit",
           R"("limit":-1)",
           {"excess memory=unlimited " + limit + "1073741824", "excess memory=unlimited " + swap + "1073741824"}},
          {"raises swap alone", R"("swap":536870912)", {"excess swap=512MiB " + swap + "268435456"}},
          {"lifts swap alone", R"("swap":-1)", {"excess swap=unlimited " + swap + "268435456"}},
          {"raises the reservation", R"("reservation":536870912)", {"tighten " + reservation + "268435456"}},
      },
      update);
}

TEST_CASE("memory: an update of a container without a swap limit gets none") {
  Facts update = facts(host::Operation::update);
  update.granted_resources = Json::parse(R"({"memory":{"limit":268435456}})");
  check_rows({{"raises the limit", R"("limit":536870912)", {}}}, update);
  update.granted_resources = nullptr;
  check_rows({{"raises the limit of a container nothing is known of", R"("limit":536870912)", {}},
              {"lifts it", R"("limit":-1)", {"excess memory=unlimited " + limit + "1073741824"}}},
             update);
}

TEST_CASE("memory: the specs Docker hands over") {
  CHECK(try_control(memory, engine_spec("docker-default.json"), strict(), facts()).lines.size() == 2);
  const Tried limits = try_control(memory, engine_spec("docker-limits.json"), strict(), facts());
  CHECK(limits.lines == Lines{"tighten " + swap + "1073741824"});
  CHECK(limits.spec.integer("/linux/resources/memory/swap") == 1073741824);
}
