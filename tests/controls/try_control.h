// Runs one control over a spec given as text and says what it found, one line a finding, in a form short enough for a
// table row. Every run also checks what the engine promises for all controls: each change lies under what the control
// owns and applies, and evaluating the result again finds only
// what was refused before.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "catch.h"
#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {

using Lines = std::vector<std::string>;

struct Tried {
  Lines lines;  // "tighten POINTER VALUE", "excess SUBJECT POINTER VALUE" ("gone": removed), "refuse SUBJECT"
  Spec spec;    // with every change made, as the level clamp does
};

inline std::string said(const Finding& finding) {
  if (!finding.clampable) return "refuse " + finding.subject;
  const std::string after = finding.change.after ? finding.change.after->dump() : "gone";
  const std::string what = finding.kind == Kind::tighten ? "tighten" : "excess " + finding.subject;
  return what + " " + finding.change.pointer + " " + after;
}

inline void check_change(const Control& control, Spec& spec, const Finding& finding) {
  CAPTURE(finding.change.pointer);
  bool owned = false;
  for (const std::string_view pattern : control.owns) owned = owned || oci::owned(pattern, finding.change);
  CHECK(owned);
  CHECK(finding.change.before != finding.change.after);
  CHECK(spec.apply(finding.change));
}

inline bool refused(const Verdict& verdict, const std::string& subject) {
  for (const Finding& finding : verdict.findings()) {
    if (!finding.clampable && finding.subject == subject) return true;
  }
  return false;
}

inline Tried try_control(const Control& control, const Spec& spec, const Policy& policy = {}, const Facts& facts = {}) {
  Tried tried{{}, spec};
  const Verdict first = control.evaluate(spec, policy, facts);
  for (const Finding& finding : first.findings()) {
    tried.lines.push_back(said(finding));
    CHECK_FALSE(finding.reason.empty());
    if (finding.clampable) check_change(control, tried.spec, finding);
  }
  const Verdict second = control.evaluate(tried.spec, policy, facts);
  for (const Finding& finding : second.findings()) {
    INFO("on its own output: " << said(finding));
    CHECK(refused(first, finding.subject));
  }
  return tried;
}

inline Tried try_control(const Control& control, const std::string& text, const Policy& policy = {},
                         const Facts& facts = {}) {
  return try_control(control, Spec(Json::parse(text)), policy, facts);
}

// One of the specs in tests/data/specs, as an engine wrote it.
inline Spec engine_spec(const std::string& name) {
  std::ifstream file(std::string(HARDENED_SOURCE_DIR) + "/tests/data/specs/" + name);
  REQUIRE(file.good());
  return Spec(Json::parse(file));
}

}  // namespace hardened::controls
