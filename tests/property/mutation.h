// One piece of mischief done to a spec. The tables are split by the part of the spec they change.
#pragma once

#include <iterator>
#include <limits>
#include <random>
#include <span>

#include "generator.h"

namespace hardened::property {

using Random = std::mt19937_64;

struct Mutation {
  const char* name;
  void (*apply)(Random&, Sample&);
};

[[nodiscard]] std::span<const Mutation> process_mutations();
[[nodiscard]] std::span<const Mutation> mount_mutations();
[[nodiscard]] std::span<const Mutation> linux_mutations();
[[nodiscard]] std::span<const Mutation> resource_mutations();
[[nodiscard]] std::span<const Mutation> shape_mutations();

inline std::size_t pick(Random& random, std::size_t count) {
  return static_cast<std::size_t>(random() % count);
}

// True once in `odds` times.
inline bool once_in(Random& random, std::size_t odds) {
  return pick(random, odds) == 0;
}

template <typename T, std::size_t N>
T one_of(Random& random, const T (&choices)[N]) {
  return choices[pick(random, N)];
}

// The member `key`, as an object or a list even where an earlier mutation took it away.
inline Json& object_in(Json& parent, const char* key) {
  Json& member = parent[key];
  if (!member.is_object()) member = Json::object();
  return member;
}
inline Json& list_in(Json& parent, const char* key) {
  Json& member = parent[key];
  if (!member.is_array()) member = Json::array();
  return member;
}

inline Json& process_of(Sample& sample) {
  return object_in(sample.spec, "process");
}
inline Json& linux_of(Sample& sample) {
  return object_in(sample.spec, "linux");
}
inline Json& resources_of(Sample& sample) {
  return object_in(linux_of(sample), "resources");
}

// Amounts at and around every edge a limit could have.
inline long long amount(Random& random) {
  constexpr long long choices[] = {0,
                                   1,
                                   -1,
                                   2,
                                   1000,
                                   4096,
                                   100000,
                                   1000000,
                                   1LL << 20,
                                   1LL << 28,
                                   1LL << 30,
                                   0x7fffffffL,
                                   8LL << 30,
                                   (8LL << 30) + 1,
                                   1LL << 40,
                                   std::numeric_limits<long long>::max(),
                                   std::numeric_limits<long long>::min()};
  return one_of(random, choices);
}

}  // namespace hardened::property
