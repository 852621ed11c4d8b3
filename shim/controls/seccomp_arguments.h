// Calls that are allowed with some arguments only.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "controls/seccomp_filter_model.h"

namespace hardened::controls {

struct ArgumentLimits {
  std::vector<std::string> socket_families;         // "AF_INET", …
  std::set<std::string, std::less<>> capabilities;  // of the bounding set: "CAP_NET_RAW"
  bool namespaces = false;                          // may it make namespaces?
  std::string architecture = "x86_64";              // uname -m: clone's arguments are swapped on s390
  int denied = 1;                                   // errno of a refused argument
  bool set_user_id = false;                         // may it set that bit? Only where no file of the host is in reach
};

// The rule of `call`, known to be allowed: unconditional where no argument is restricted. Arguments are compared as the
// kernel reads them: where it takes 32 bits of the register or some bits of a flag word, so does the condition.
[[nodiscard]] SharedRule argument_rule(std::string_view call, const ArgumentLimits& limits);

// The socket families a profile may name: "AF_INET", …
[[nodiscard]] std::span<const std::string> socket_family_names();

// The name of the family `number` of socket(2): of several the first; empty where a profile has none for it.
[[nodiscard]] std::string_view socket_family_name(std::uint64_t number);

}  // namespace hardened::controls
