#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(const std::string& limits, std::uint64_t max = 1 << 30) {
  Policy policy;
  policy.profile.name = "strict";
  policy.profile.limits.memory.max = max;
  return try_control(hugetlb, R"({"linux":{"resources":{"hugepageLimits":)" + limits + "}}}", policy).lines;
}

}  // namespace

TEST_CASE("hugetlb: allowances up to the memory limit stay, greater ones are cut") {
  const std::string at = "/linux/resources/hugepageLimits/";
  CHECK(judged("[]").empty());
  CHECK(judged(R"([{"pageSize":"2MB","limit":0},{"pageSize":"1GB","limit":1073741824}])").empty());
  CHECK(judged(R"([{"pageSize":"2MB","limit":2097152},{"pageSize":"1GB","limit":4294967296}])") ==
        Lines{"excess 1GB=4GiB " + at + "1/limit 1073741824"});
  CHECK(judged(R"([{"pageSize":"2MB","limit":18446744073709551615}])") ==
        Lines{"excess 2MB=9223372036854775807 " + at + "0/limit 1073741824"});
  CHECK(judged(R"([{"limit":-1}])") == Lines{"excess =unlimited " + at + "0/limit 1073741824"});
}

TEST_CASE("hugetlb: a profile without a memory limit has none to compare with") {
  CHECK(judged(R"([{"pageSize":"2MB","limit":18446744073709551615}])", 0).empty());
}
