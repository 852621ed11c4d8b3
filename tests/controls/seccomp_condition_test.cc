#include "controls/seccomp_condition.h"

#include <algorithm>
#include <random>

#include "catch.h"
#include "kernel/bpf_evaluator.h"

using namespace hardened::controls;
using hardened::test::Arguments;

namespace {

// The meaning of the OCI operators, read from config-linux.md and not from the code under test.
struct Rule {
  unsigned index;
  std::string op;
  std::uint64_t value;
  std::uint64_t two;

  [[nodiscard]] bool holds(const Arguments& arguments) const {
    const std::uint64_t argument = arguments[index];
    if (op == "SCMP_CMP_EQ") return argument == value;
    if (op == "SCMP_CMP_NE") return argument != value;
    if (op == "SCMP_CMP_GT") return argument > value;
    if (op == "SCMP_CMP_GE") return argument >= value;
    if (op == "SCMP_CMP_LT") return argument < value;
    if (op == "SCMP_CMP_LE") return argument <= value;
    return (argument & value) == (two & value);
  }
};

bool holds(const Clause& clause, const Arguments& arguments) {
  for (const Condition& c : clause) {
    const std::uint64_t a = arguments[c.index];
    const bool held = c.comparison == Comparison::masked_equal ? (a & c.mask) == c.value
                      : c.comparison == Comparison::not_equal  ? a != c.value
                      : c.comparison == Comparison::at_least   ? a >= c.value
                                                               : a <= c.value;
    if (!held) return false;
  }
  return true;
}

// Few bits, at both ends, so that sets meet often and every value of interest can be tried.
std::uint64_t small_value(std::mt19937_64& random) {
  const std::uint64_t value = random() % 8;
  switch (random() % 4) {
    case 0:
      return ~value;
    case 1:
      return value << 61;
    default:
      return value;
  }
}

std::vector<std::uint64_t> interesting_values() {
  std::vector<std::uint64_t> values;
  for (std::uint64_t low = 0; low < 16; ++low) {
    for (std::uint64_t high = 0; high < 16; ++high) values.push_back(high << 60 | low);
    values.push_back(~low);
  }
  return values;
}

Rule random_rule(std::mt19937_64& random, unsigned arguments) {
  static const std::string ops[] = {"SCMP_CMP_EQ", "SCMP_CMP_NE", "SCMP_CMP_GT",       "SCMP_CMP_GE",
                                    "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_MASKED_EQ"};
  return {static_cast<unsigned>(random() % arguments), ops[random() % std::size(ops)], small_value(random),
          small_value(random)};
}

Clause clause_of(const Rule& rule) {
  return clause_from_oci(rule.index, rule.op, rule.value, rule.two).value_or(Clause{});
}

bool any_holds(const std::vector<Clause>& clauses, const Arguments& arguments) {
  return std::any_of(clauses.begin(), clauses.end(), [&](const Clause& clause) { return holds(clause, arguments); });
}

}  // namespace

TEST_CASE("a condition read from a spec holds for the arguments its operator says") {
  std::mt19937_64 random(1);
  const std::vector<std::uint64_t> values = interesting_values();
  for (int round = 0; round < 2000; ++round) {
    const Rule rule = random_rule(random, 1);
    const auto clause = clause_from_oci(rule.index, rule.op, rule.value, rule.two);
    INFO(rule.op << " " << rule.value << " " << rule.two);
    for (const std::uint64_t value : values) {
      const bool held = clause && holds(*clause, {value});
      if (held != rule.holds({value})) FAIL(value);
    }
  }
  CHECK_FALSE(clause_from_oci(6, "SCMP_CMP_EQ", 0, 0));
  CHECK_FALSE(clause_from_oci(0, "SCMP_CMP_NONSENSE", 0, 0));
  CHECK_FALSE(clause_from_oci(0, "", 0, 0));
}

TEST_CASE("containment, disjointness, intersection and difference of two conditions") {
  std::mt19937_64 random(2);
  const std::vector<std::uint64_t> values = interesting_values();
  int inexpressible = 0;
  for (int round = 0; round < 4000; ++round) {
    const Clause a = clause_of(random_rule(random, 1));
    const Clause b = clause_of(random_rule(random, 1));
    const auto shared = both(a, b);
    const auto rest = without(a, b);
    bool within = true;
    bool disjoint = true;
    for (const std::uint64_t value : values) {
      const bool in_a = holds(a, {value});
      const bool in_b = holds(b, {value});
      within = within && (!in_a || in_b);
      disjoint = disjoint && !(in_a && in_b);
      if (shared && holds(*shared, {value}) != (in_a && in_b)) FAIL("not the common part");
      if (any_holds(rest, {value}) && (!in_a || in_b)) FAIL("not a part of the difference");
    }
    CHECK(is_within(a, b) == within);
    CHECK(are_disjoint(a, b) == disjoint);
    if (disjoint) CHECK_FALSE(shared);
    if (!disjoint && !shared) ++inexpressible;
  }
  CHECK(inexpressible < 1200);
}

TEST_CASE("the difference is whole where masks are taken from masks and values from everything") {
  std::mt19937_64 random(3);
  const std::vector<std::uint64_t> values = interesting_values();
  for (int round = 0; round < 2000; ++round) {
    const Clause a = round % 2 == 0 ? Clause{} : Clause{masked(0, small_value(random) | 1, small_value(random))};
    const Clause b = {masked(0, small_value(random) | 1, small_value(random))};
    if (b.front().mask == every_bit && !a.empty()) continue;
    const auto rest = without(a, b);
    for (const std::uint64_t value : values) {
      if (any_holds(rest, {value}) != (holds(a, {value}) && !holds(b, {value}))) FAIL(value);
    }
  }
}

TEST_CASE("clauses over several arguments") {
  std::mt19937_64 random(4);
  for (int round = 0; round < 3000; ++round) {
    const auto a = both(clause_of(random_rule(random, 2)), clause_of(random_rule(random, 2)));
    const auto b = both(clause_of(random_rule(random, 2)), clause_of(random_rule(random, 2)));
    if (!a || !b) continue;
    const auto shared = both(*a, *b);
    const auto rest = without(*a, *b);
    for (int sample = 0; sample < 60; ++sample) {
      const Arguments arguments = {small_value(random), small_value(random)};
      const bool in_a = holds(*a, arguments);
      const bool in_b = holds(*b, arguments);
      if (shared && holds(*shared, arguments) != (in_a && in_b)) FAIL("not the common part");
      if (any_holds(rest, arguments) && (!in_a || in_b)) FAIL("not a part of the difference");
      if (in_a && !in_b && is_within(*a, *b)) FAIL("not within");
      if (in_a && in_b && are_disjoint(*a, *b)) FAIL("not disjoint");
    }
  }
}

TEST_CASE("equal sets have one form") {
  CHECK(at_least(0, 1) == not_equal(0, 0));
  CHECK(at_most(0, every_bit - 1) == not_equal(0, every_bit));
  CHECK(at_most(0, 0) == equals(0, 0));
  CHECK(at_least(0, every_bit) == equals(0, every_bit));
  CHECK(at_least(0, 1ULL << 63) == masked(0, 1ULL << 63, 1ULL << 63));
  CHECK(at_most(0, 0xff) == masked(0, ~0xffULL, 0));
  CHECK(masked(0, 0xf0, 0xff) == masked(0, 0xf0, 0xf0));
}

TEST_CASE("a union keeps its largest clauses only") {
  std::vector<Clause> clauses;
  absorb(clauses, {equals(0, 5)});
  absorb(clauses, {equals(0, 6), equals(1, 1)});
  absorb(clauses, {equals(0, 5), equals(1, 1)});
  CHECK(clauses.size() == 2);
  absorb(clauses, {not_equal(0, 0)});
  CHECK(clauses == std::vector<Clause>{{not_equal(0, 0)}});
  absorb(clauses, {});
  CHECK(clauses == std::vector<Clause>{{}});
}

TEST_CASE("clauses libseccomp would not finish with are known before it is asked") {
  const Condition range = at_most(0, 38);
  CHECK(hang_libseccomp({range, equals(1, 1)}, {range, equals(2, 1)}));
  CHECK(hang_libseccomp({range, equals(1, 1)}, {range, equals(1, 2)}));
  CHECK(hang_libseccomp({equals(0, 1), not_equal(1, 7), equals(2, 1)}, {equals(0, 1), not_equal(1, 7), equals(3, 1)}));
  CHECK_FALSE(hang_libseccomp({equals(0, 1), equals(1, 1)}, {equals(0, 1), equals(2, 1)}));
  CHECK_FALSE(hang_libseccomp({range, equals(1, 1)}, {at_most(0, 39), equals(1, 1)}));
  CHECK_FALSE(hang_libseccomp({range, equals(1, 1)}, {range}));
  CHECK_FALSE(hang_libseccomp({}, {range}));
}
