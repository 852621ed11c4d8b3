#include "record/peaks.h"

#include <unistd.h>

#include "catch.h"
#include "temporary.h"

using namespace hardened;
using record::Peaks;

TEST_CASE("peaks: the cgroups of version 1 by controller, those mounted together included, and version 2's") {
  const auto directories = record::cgroup_directories(
      "12:memory:/docker/a\n4:cpu,cpuacct:/docker/a:b\n2:pids:/\n1:name=systemd:/x\n0::/system.slice/y\n", "/top");
  CHECK(directories == std::map<std::string, std::string>{{"memory", "/top/memory/docker/a"},
                                                          {"cpu", "/top/cpu,cpuacct/docker/a:b"},
                                                          {"cpuacct", "/top/cpu,cpuacct/docker/a:b"},
                                                          {"pids", "/top/pids/"},
                                                          {"name=systemd", "/top/name=systemd/x"},
                                                          {"", "/top/system.slice/y"}});
}

TEST_CASE("peaks: lines of another form are no cgroup") {
  CHECK(record::cgroup_directories("", "/top").empty());
  CHECK(record::cgroup_directories("nonsense\n1\n1:memory\n", "/top").empty());
}

TEST_CASE("peaks: a living process has cgroups, one that has ended has none") {
  CHECK(record::cgroups_of(::getpid()));
  CHECK_FALSE(record::cgroups_of(-1));
}

TEST_CASE("peaks: of version 1") {
  const testing::TemporaryDirectory temporary;
  testing::write_text(temporary.path("memory.max_usage_in_bytes"), "4096\n");
  testing::write_text(temporary.path("pids.peak"), "7\n");
  testing::write_text(temporary.path("cpuacct.usage"), "12345678\n");
  const std::string here = temporary.path();
  CHECK(record::read_peaks({{"memory", here}, {"pids", here}, {"cpuacct", here}}) == Peaks{4096, 7, 12});
  CHECK(record::read_peaks({{"pids", here}}) == Peaks{std::nullopt, 7, std::nullopt});
}

TEST_CASE("peaks: of version 2") {
  const testing::TemporaryDirectory temporary;
  testing::write_text(temporary.path("memory.peak"), "8192\n");
  testing::write_text(temporary.path("pids.peak"), "9\n");
  testing::write_text(temporary.path("cpu.stat"), "usage_usec 54321\nuser_usec 1\n");
  CHECK(record::read_peaks({{"", temporary.path()}}) == Peaks{8192, 9, 54});
}

TEST_CASE("peaks: what is not counted, or not a number, stays empty") {
  const testing::TemporaryDirectory temporary;
  testing::write_text(temporary.path("memory.peak"), "max\n");
  testing::write_text(temporary.path("cpu.stat"), "user_usec 1\n");
  CHECK(record::read_peaks({{"", temporary.path()}, {"memory", "/no/such"}}) == Peaks{});
  CHECK(record::read_peaks({}) == Peaks{});
}
