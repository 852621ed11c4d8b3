#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

TEST_CASE("intel-rdt: any share of the processor cache is removed") {
  const Lines gone = {"excess intelRdt /linux/intelRdt gone"};
  CHECK(try_control(intel_rdt, R"({"linux":{"intelRdt":{"closID":"other","l3CacheSchema":"L3:0=ffff"}}})").lines ==
        gone);
  CHECK(try_control(intel_rdt, R"({"linux":{"intelRdt":{}}})").lines == gone);
  CHECK(try_control(intel_rdt, R"({"linux":{"intelRdt":null}})").lines.empty());
  CHECK(try_control(intel_rdt, "{}").lines.empty());
}
