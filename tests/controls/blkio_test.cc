#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(const std::string& block_io) {
  return try_control(blkio, R"({"linux":{"resources":{"blockIO":)" + block_io + "}}}").lines;
}

const std::string at = "/linux/resources/blockIO/";

}  // namespace

TEST_CASE("blkio: ordinary and lower weights stay, greater ones are cut") {
  CHECK(judged("{}").empty());
  CHECK(judged(R"({"weight":0})").empty());
  CHECK(judged(R"({"weight":10,"leafWeight":500})").empty());
  CHECK(judged(R"({"weight":1000})") == Lines{"excess weight=1000 " + at + "weight 500"});
  CHECK(judged(R"({"weight":-1})") == Lines{"excess weight=-1 " + at + "weight 500"});
  CHECK(judged(R"({"leafWeight":501})") == Lines{"excess leafWeight=501 " + at + "leafWeight 500"});
}

TEST_CASE("blkio: weights of single devices count as well") {
  CHECK(
      judged(
          R"({"weightDevice":[{"major":8,"minor":0,"weight":100},{"major":8,"minor":16,"weight":900,"leafWeight":800}]})") ==
      Lines{"excess weight=900 " + at + "weightDevice/1/weight 500",
            "excess leafWeight=800 " + at + "weightDevice/1/leafWeight 500"});
}

TEST_CASE("blkio: throttles only restrict") {
  CHECK(judged(R"({"throttleReadBpsDevice":[{"major":8,"minor":0,"rate":18446744073709551615}]})").empty());
  CHECK(try_control(blkio, engine_spec("docker-default.json")).lines.empty());
}
