#include "kernel/capability_names.h"

#include <algorithm>

#include "catch.h"

using namespace hardened;

TEST_CASE("capability names: the spelling of the runtime-spec and no other") {
  for (const char* name :
       {"CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SYS_ADMIN", "CAP_AUDIT_READ", "CAP_CHECKPOINT_RESTORE"}) {
    INFO(name);
    CHECK(kernel::is_capability(name));
  }
  for (const char* name :
       {"", "CAP_", "CAP", "CHOWN", "chown", "cap_chown", "Cap_Chown", "CAP_chown", "CAP_CHOWN ", " CAP_CHOWN",
        "CAP_CHOWN=ep", "CAP_CHOWNS", "CAP_CAP_CHOWN", "CAP_0", "CAP_41", "0", "ALL", "CAP_ALL", "CAP_CHOWN\n"}) {
    INFO(name);
    CHECK_FALSE(kernel::is_capability(name));
  }
  CHECK_FALSE(kernel::is_capability(std::string_view("CAP_CHOWN\0", 10)));
}

TEST_CASE("capability names: the list is the kernel's, in its order, and every name on it is a capability") {
  const auto names = kernel::capability_names();
  REQUIRE(names.size() >= 38);  // CAP_AUDIT_READ is number 37 since Linux 3.16
  CHECK(names[0] == "CAP_CHOWN");
  CHECK(names[10] == "CAP_NET_BIND_SERVICE");
  CHECK(names[21] == "CAP_SYS_ADMIN");
  CHECK(std::all_of(names.begin(), names.end(), [](const std::string& name) { return kernel::is_capability(name); }));
  CHECK(names.data() == kernel::capability_names().data());
}
