// Random specs: real ones as dockerd hands them over, with random requests and mischief put in (mutation.h).
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "host/facts.h"
#include "oci/json.h"
#include "policy/policy.h"

namespace hardened::property {

struct Sample {
  Json spec;
  Facts facts;
  std::string story;  // which mutations were applied
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed);
  [[nodiscard]] Sample next();

 private:
  std::mt19937_64 random_;
  std::vector<Sample> bases_;
};

}  // namespace hardened::property
