// What one control does to one spec, told in words a table row can hold.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "catch.h"
#include "controls/controls.h"

namespace hardened::test {

struct Seen {
  std::vector<std::string> tightened;  // pointers
  std::vector<std::string> asked;      // subjects of excesses that a clamp cuts down
  std::vector<std::string> refused;    // subjects of those it cannot
  Json after;                          // everything tightened and clamped
};

// Evaluates `control`, checks that each change is its own and applies them all; then that nothing is left to change.
inline Seen look(const controls::Control& control, const Spec& spec, const Policy& policy, const Facts& facts) {
  Seen seen;
  Spec after = spec;
  const auto verdict = control.evaluate(spec, policy, facts);
  for (const controls::Finding& finding : verdict.findings()) {
    INFO(control.id << " at " << finding.change.pointer);
    CHECK_FALSE(finding.reason.empty());
    if (!finding.clampable) {
      seen.refused.push_back(finding.subject);
      continue;
    }
    (finding.kind == controls::Kind::tighten ? seen.tightened : seen.asked)
        .push_back(finding.kind == controls::Kind::tighten ? finding.change.pointer : finding.subject);
    CHECK(std::any_of(control.owns.begin(), control.owns.end(),
                      [&finding](std::string_view pattern) { return oci::owned(pattern, finding.change); }));
    REQUIRE(after.apply(finding.change));
  }
  const auto again = control.evaluate(after, policy, facts);
  CHECK(std::none_of(again.findings().begin(), again.findings().end(),
                     [](const controls::Finding& finding) { return finding.clampable; }));
  seen.after = after.document();
  return seen;
}

inline Seen look(const controls::Control& control, const std::string& text, const Policy& policy = {},
                 const Facts& facts = {}) {
  return look(control, Spec(Json::parse(text)), policy, facts);
}

// The facts of an exec in a container granted the process object `text`.
inline Facts exec_facts(const std::string& text) {
  Facts facts;
  facts.operation = host::Operation::exec;
  facts.granted_process = Json::parse(text);
  return facts;
}

}  // namespace hardened::test
