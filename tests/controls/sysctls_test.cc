#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

Lines judged(const std::string& name, std::vector<std::string> granted = {}) {
  Policy policy;
  policy.profile.sysctls = std::move(granted);
  return try_control(sysctls, Json{{"linux", {{"sysctl", {{name, "1"}}}}}}.dump(), policy).lines;
}

}  // namespace

TEST_CASE("sysctls: the safe ones stay, in either spelling") {
  for (const char* name : {"net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "kernel.shm_rmid_forced",
                           "net/ipv4/tcp_syncookies", "net.ipv4.tcp_keepalive_time"}) {
    CAPTURE(name);
    CHECK(judged(name).empty());
  }
}

TEST_CASE("sysctls: others are removed by their dotted name") {
  CHECK(judged("net.ipv4.ip_forward") == Lines{"excess net.ipv4.ip_forward /linux/sysctl/net.ipv4.ip_forward gone"});
  CHECK(judged("net/ipv4/ip_forward") == Lines{"excess net.ipv4.ip_forward /linux/sysctl/net~1ipv4~1ip_forward gone"});
  CHECK(judged("kernel.core_pattern").size() == 1);
  CHECK(judged("net.ipv4.conf.all.route_localnet").size() == 1);
  CHECK(judged("kernel.shm_rmid_forced.x").size() == 1);
  CHECK(judged("").size() == 1);
  // Read by runc as net/ipv4/tcp_syncookies, by sysctl(8) as a file with a dot in its name: not the safe name, so no.
  CHECK(judged("net/ipv4.tcp_syncookies").size() == 1);
}

TEST_CASE("sysctls: a profile's globs, and no way out of their directory") {
  CHECK(judged("net.core.somaxconn", {"net.core.*"}).empty());
  CHECK(judged("net/core/somaxconn", {"net.core.*"}).empty());
  CHECK(judged("net/ipv4/conf/eth0.7/rp_filter", {"net.ipv4.conf.*.rp_filter"}).empty());
  CHECK(judged("kernel.msgmax", {"net.core.*"}).size() == 1);
  for (const char* name : {"net/core/../../kernel/core_pattern", "net.core.//.kernel.core_pattern", "net.core..x",
                           "net/core//x", "net.core."}) {
    CAPTURE(name);
    CHECK(judged(name, {"net.core.*"}).size() == 1);
  }
}

TEST_CASE("sysctls: the specs Docker hands over") {
  CHECK(try_control(sysctls, engine_spec("docker-default.json")).lines.empty());
  const Tried hostile = try_control(sysctls, engine_spec("docker-hostile.json"));
  CHECK(hostile.lines == Lines{"excess net.ipv4.ip_forward /linux/sysctl/net.ipv4.ip_forward gone"});
  CHECK(hostile.spec.elements("/linux/sysctl").size() == 2);
}
