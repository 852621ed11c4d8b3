// Sets of system call arguments, as far as one seccomp rule can say them, and the algebra the intersection of two
// filters needs. Every operation errs towards fewer arguments: what cannot be said is left out.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace hardened::controls {

enum class Comparison { masked_equal, not_equal, at_least, at_most };  // all on 64 unsigned bits, as the kernel does

// A set of values of one argument: neither empty nor everything, and in one form only (equal sets compare equal).
struct Condition {
  unsigned index = 0;  // of the argument, 0 to 5
  Comparison comparison = Comparison::masked_equal;
  std::uint64_t mask = 0;  // of masked_equal: all ones is plain equality; else 0
  std::uint64_t value = 0;
  auto operator<=>(const Condition&) const = default;
};

constexpr std::uint64_t every_bit = ~std::uint64_t{0};

// Conditions that must all hold, at most one for an argument, by index. An empty clause holds always.
using Clause = std::vector<Condition>;

[[nodiscard]] Condition equals(unsigned index, std::uint64_t value);
[[nodiscard]] Condition masked(unsigned index, std::uint64_t mask, std::uint64_t value);
[[nodiscard]] Condition not_equal(unsigned index, std::uint64_t value);
// `bound` is neither 0 nor the largest number.
[[nodiscard]] Condition at_least(unsigned index, std::uint64_t bound);
[[nodiscard]] Condition at_most(unsigned index, std::uint64_t bound);

// One entry of "args" in the OCI spec's words (config-linux.md, "Seccomp"): the clause of one condition, the empty
// clause when it always holds, nothing when it never does or is no valid condition.
[[nodiscard]] std::optional<Clause> clause_from_oci(unsigned index, std::string_view op, std::uint64_t value,
                                                    std::uint64_t value_two);

// Is every argument list of `inner` one of `outer`? Exact.
[[nodiscard]] bool is_within(const Clause& inner, const Clause& outer);
// Have they no argument list in common? Exact.
[[nodiscard]] bool are_disjoint(const Clause& a, const Clause& b);
// What is in both; nothing when that is empty or more than one clause can say.
[[nodiscard]] std::optional<Clause> both(const Clause& a, const Clause& b);
// What is in `clause` and not in `taken`, as clauses that may overlap.
[[nodiscard]] std::vector<Clause> without(const Clause& clause, const Clause& taken);

// May libseccomp (2.5.4) take for ever when one call has a rule of each? Where rules begin alike with a comparison
// other than (masked) equality and go on differently, it walks both branches of that comparison at every level of its
// tree.
[[nodiscard]] bool hang_libseccomp(const Clause& a, const Clause& b);

// Adds `clause` unless one of `clauses` contains it, and removes those it contains: the union stays the same.
void absorb(std::vector<Clause>& clauses, Clause clause);

}  // namespace hardened::controls
