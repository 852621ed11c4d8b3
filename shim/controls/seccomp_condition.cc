#include "controls/seccomp_condition.h"

#include <algorithm>
#include <bit>

namespace hardened::controls {
namespace {

bool is_range(const Condition& condition) {
  return condition.comparison == Comparison::at_least || condition.comparison == Comparison::at_most;
}

bool is_masked(const Condition& condition) {
  return condition.comparison == Comparison::masked_equal;
}

// The smallest and largest member of a range or a masked set.
std::uint64_t lowest(const Condition& condition) {
  return condition.comparison == Comparison::at_most ? 0 : condition.value;
}

std::uint64_t highest(const Condition& condition) {
  switch (condition.comparison) {
    case Comparison::at_least:
      return every_bit;
    case Comparison::at_most:
      return condition.value;
    default:
      return condition.value | ~condition.mask;
  }
}

bool contains(const Condition& condition, std::uint64_t value) {
  switch (condition.comparison) {
    case Comparison::masked_equal:
      return (value & condition.mask) == condition.value;
    case Comparison::not_equal:
      return value != condition.value;
    case Comparison::at_least:
      return value >= condition.value;
    case Comparison::at_most:
      return value <= condition.value;
  }
  return false;
}

// The leading bits that every member of the range shares.
std::uint64_t shared_bits(const Condition& range) {
  const auto varying = std::bit_width(lowest(range) ^ highest(range));
  return varying == 64 ? 0 : every_bit << varying;
}

bool is_within_masked(const Condition& inner, const Condition& outer) {
  const std::uint64_t fixed = is_masked(inner) ? inner.mask : shared_bits(inner);
  return (outer.mask & ~fixed) == 0 && (lowest(inner) & outer.mask) == outer.value;
}

bool is_within(const Condition& inner, const Condition& outer) {
  if (inner == outer) return true;
  if (outer.comparison == Comparison::not_equal) return !contains(inner, outer.value);
  if (inner.comparison == Comparison::not_equal) return false;
  if (is_masked(outer)) return is_within_masked(inner, outer);
  return lowest(inner) >= lowest(outer) && highest(inner) <= highest(outer);
}

bool are_disjoint(const Condition& a, const Condition& b) {
  if (a.comparison == Comparison::not_equal) return is_masked(b) && b.mask == every_bit && b.value == a.value;
  if (b.comparison == Comparison::not_equal) return are_disjoint(b, a);
  if (is_masked(a) && is_masked(b)) return ((a.value ^ b.value) & a.mask & b.mask) != 0;
  // A range reaches one end of the number line, so it meets a masked set exactly when it holds that set's outermost
  // member.
  return highest(a) < lowest(b) || highest(b) < lowest(a);
}

std::optional<Condition> from_range(unsigned index, std::uint64_t low, std::uint64_t high) {
  if (low == high) return equals(index, low);
  if (high == every_bit) return at_least(index, low);
  if (low == 0) return at_most(index, high);
  return std::nullopt;
}

std::optional<Condition> without_value(const Condition& condition, std::uint64_t value) {
  if (is_range(condition) && value == lowest(condition))
    return from_range(condition.index, value + 1, highest(condition));
  if (is_range(condition) && value == highest(condition))
    return from_range(condition.index, lowest(condition), value - 1);
  if (is_masked(condition) && std::popcount(~condition.mask) == 1)
    return equals(condition.index, value ^ ~condition.mask);
  return std::nullopt;
}

std::optional<Condition> both(const Condition& a, const Condition& b) {
  if (is_within(a, b)) return a;
  if (is_within(b, a)) return b;
  if (are_disjoint(a, b)) return std::nullopt;
  if (is_masked(a) && is_masked(b)) return masked(a.index, a.mask | b.mask, a.value | b.value);
  if (a.comparison == Comparison::not_equal) return without_value(b, a.value);
  if (b.comparison == Comparison::not_equal) return without_value(a, b.value);
  const std::uint64_t low = std::max(lowest(a), lowest(b));
  const std::uint64_t high = std::min(highest(a), highest(b));
  return low == high ? std::optional(equals(a.index, low)) : std::nullopt;
}

std::vector<Condition> opposite(const Condition& condition) {
  switch (condition.comparison) {
    case Comparison::not_equal:
      return {equals(condition.index, condition.value)};
    case Comparison::at_least:
      return {*from_range(condition.index, 0, condition.value - 1)};
    case Comparison::at_most:
      return {*from_range(condition.index, condition.value + 1, every_bit)};
    case Comparison::masked_equal:
      break;
  }
  if (condition.mask == every_bit) return {not_equal(condition.index, condition.value)};
  std::vector<Condition> differing;
  for (std::uint64_t rest = condition.mask; rest != 0; rest &= rest - 1) {
    const std::uint64_t bit = rest & (~rest + 1);
    differing.push_back(masked(condition.index, bit, ~condition.value));
  }
  return differing;
}

const Condition* on_argument(const Clause& clause, unsigned index) {
  const auto found = std::find_if(clause.begin(), clause.end(), [&](const Condition& c) { return c.index == index; });
  return found == clause.end() ? nullptr : &*found;
}

}  // namespace

Condition equals(unsigned index, std::uint64_t value) {
  return {index, Comparison::masked_equal, every_bit, value};
}

// libseccomp ignores bits of the value outside of the mask, and so must whoever reads its rules.
Condition masked(unsigned index, std::uint64_t mask, std::uint64_t value) {
  return {index, Comparison::masked_equal, mask, value & mask};
}

Condition not_equal(unsigned index, std::uint64_t value) {
  return {index, Comparison::not_equal, 0, value};
}

Condition at_least(unsigned index, std::uint64_t bound) {
  if (std::has_single_bit(std::uint64_t{0} - bound)) return masked(index, bound, bound);
  if (bound == 1) return not_equal(index, 0);
  return {index, Comparison::at_least, 0, bound};
}

Condition at_most(unsigned index, std::uint64_t bound) {
  if (std::has_single_bit(bound + 1)) return masked(index, ~bound, 0);
  if (bound == every_bit - 1) return not_equal(index, every_bit);
  return {index, Comparison::at_most, 0, bound};
}

std::optional<Clause> clause_from_oci(unsigned index, std::string_view op, std::uint64_t value,
                                      std::uint64_t value_two) {
  if (index > 5) return std::nullopt;
  if (op == "SCMP_CMP_EQ") return Clause{equals(index, value)};
  if (op == "SCMP_CMP_NE") return Clause{not_equal(index, value)};
  if (op == "SCMP_CMP_MASKED_EQ") return value == 0 ? Clause{} : Clause{masked(index, value, value_two)};
  if (op == "SCMP_CMP_GE") return value == 0 ? Clause{} : Clause{at_least(index, value)};
  if (op == "SCMP_CMP_LE") return value == every_bit ? Clause{} : Clause{at_most(index, value)};
  if (op == "SCMP_CMP_GT" && value != every_bit) return Clause{at_least(index, value + 1)};
  if (op == "SCMP_CMP_LT" && value != 0) return Clause{at_most(index, value - 1)};
  return std::nullopt;
}

bool is_within(const Clause& inner, const Clause& outer) {
  return std::all_of(outer.begin(), outer.end(), [&](const Condition& wanted) {
    const Condition* given = on_argument(inner, wanted.index);
    return given != nullptr && is_within(*given, wanted);
  });
}

bool are_disjoint(const Clause& a, const Clause& b) {
  return std::any_of(a.begin(), a.end(), [&](const Condition& one) {
    const Condition* other = on_argument(b, one.index);
    return other != nullptr && are_disjoint(one, *other);
  });
}

std::optional<Clause> both(const Clause& a, const Clause& b) {
  Clause result = a;
  for (const Condition& condition : b) {
    const auto same = std::find_if(result.begin(), result.end(),
                                   [&](const Condition& other) { return other.index == condition.index; });
    if (same == result.end()) {
      result.push_back(condition);
      continue;
    }
    const std::optional<Condition> shared = both(*same, condition);
    if (!shared) return std::nullopt;
    *same = *shared;
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<Clause> without(const Clause& clause, const Clause& taken) {
  if (are_disjoint(clause, taken)) return {clause};
  std::vector<Clause> rest;
  for (const Condition& condition : taken) {
    for (const Condition& other : opposite(condition)) {
      if (std::optional<Clause> part = both(clause, {other})) absorb(rest, std::move(*part));
    }
  }
  return rest;
}

bool hang_libseccomp(const Clause& a, const Clause& b) {
  const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  if (in_a == a.end() || in_b == b.end()) return false;
  return std::any_of(a.begin(), in_a, [](const Condition& shared) { return !is_masked(shared); });
}

void absorb(std::vector<Clause>& clauses, Clause clause) {
  const auto contains_it = [&](const Clause& other) { return is_within(clause, other); };
  if (std::any_of(clauses.begin(), clauses.end(), contains_it)) return;
  std::erase_if(clauses, [&](const Clause& other) { return is_within(other, clause); });
  clauses.push_back(std::move(clause));
}

}  // namespace hardened::controls
