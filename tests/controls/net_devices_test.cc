#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

TEST_CASE("net-devices: each interface of the host is refused by name") {
  CHECK(try_control(net_devices, R"({"linux":{"netDevices":{"eth0":{"name":"lan"},"wlan/0":{}}}})").lines ==
        Lines{"refuse eth0", "refuse wlan/0"});
  CHECK(try_control(net_devices, R"({"linux":{"netDevices":{}}})").lines.empty());
  CHECK(try_control(net_devices, "{}").lines.empty());
}
