// Runs the table over a spec: evaluate, check ownership, apply, and then evaluate everything once more.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controls/control.h"
#include "util/result.h"

namespace hardened::controls {

enum class Outcome {
  enforced,  // an engine's default was tightened
  clamped,   // a user's excess was cut down
  refused,   // a user's excess ends the call
  warned,    // a user's excess was left, by the control's level
  waived,    // a user's excess was left, by a waiver
};

[[nodiscard]] std::string_view outcome_name(Outcome outcome);

struct Decision {
  const Control* control = nullptr;
  Outcome outcome = Outcome::enforced;
  Finding finding;
  std::string waiver;  // its reason
};

struct Judgement {
  Spec spec;  // hardened; as given in audit mode
  std::vector<Decision> decisions;
  // The first refusal, or nothing. In audit mode refusals are recorded but do not stop anything.
  [[nodiscard]] const Decision* refusal() const;
};

// How strictly `control` acts: as the policy says, else as the control itself does.
[[nodiscard]] policy::Level level_of(const Control& control, const Policy& policy);

// Judges `spec` by every control that has a say in `facts.operation`: all of them on create; on exec those that own
// something under /process; on update those that own something under /linux/resources; those marked
// Control::on_every_operation always. Pure.
// Errors: Code::internal when a control steps outside what it owns, or when evaluating the hardened spec again would
// change it: neither may reach a container.
[[nodiscard]] Result<Judgement> harden(Spec spec, const Policy& policy, const Facts& facts);

// The refusal as the user reads it: "refused by CONTROL: what was asked (reference); how to allow it".
[[nodiscard]] std::string refusal_text(const Decision& decision);

}  // namespace hardened::controls
