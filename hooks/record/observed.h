// What the BPF programs saw of one container: plain values, read out of the maps.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "record/layout.h"

namespace hardened::record {

struct Call {
  record_abi abi = record_native;
  int number = 0;
  auto operator<=>(const Call&) const = default;
};

struct Values {
  std::set<std::uint64_t> kept;
  bool any = false;  // more than are kept
};

struct CapabilityUse {
  Call call;
  unsigned capability = 0;
  bool granted = false;
  std::uint64_t count = 0;
};

struct Observed {
  std::map<Call, std::set<record_phase>> calls;
  std::map<record_argument, Values> arguments;
  std::vector<CapabilityUse> capabilities;
  bool capabilities_seen = true;  // false: who recorded is not told of them
  bool arguments_seen = true;
  std::vector<std::string> lost;  // a sentence each

  void add(record_phase phase, record_abi abi, const record_calls& row) {
    for (int number = 0; number < record_numbers; ++number) {
      if (row.seen[number] != 0) calls[{abi, number}].insert(phase);
    }
  }
};

}  // namespace hardened::record
