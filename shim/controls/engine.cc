#include "controls/engine.h"

#include <fmt/format.h>

#include <algorithm>

#include "controls/registry.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

bool owns_under(const Control& control, std::string_view prefix) {
  return std::any_of(control.owns.begin(), control.owns.end(),
                     [prefix](std::string_view pattern) { return is_within(pattern, prefix); });
}

bool has_a_say(const Control& control, host::Operation operation) {
  if (control.on_every_operation) return true;
  switch (operation) {
    case host::Operation::create:
      return true;
    case host::Operation::exec:
      return owns_under(control, "/process");
    case host::Operation::update:
      return owns_under(control, "/linux/resources");
  }
  return true;
}

const policy::Waiver* waiver_for(const Control& control, const Finding& finding, const Policy& policy) {
  for (const policy::Waiver& waiver : policy.waivers) {
    if (waiver.control != control.id) continue;
    for (const std::string& pattern : waiver.allow) {
      if (glob_match(pattern, finding.subject)) return &waiver;
    }
  }
  return nullptr;
}

Decision decide(const Control& control, Finding finding, const Policy& policy) {
  Decision decision{&control, Outcome::refused, std::move(finding), {}};
  if (decision.finding.kind == Kind::tighten) {
    decision.outcome = Outcome::enforced;
  } else if (decision.finding.kind == Kind::notice) {
    decision.outcome = Outcome::warned;
  } else if (const policy::Waiver* waiver = waiver_for(control, decision.finding, policy)) {
    decision.outcome = Outcome::waived;
    decision.waiver = waiver->reason;
  } else if (const policy::Level level = level_of(control, policy); level == policy::Level::warn) {
    decision.outcome = Outcome::warned;
  } else if (level == policy::Level::clamp && decision.finding.clampable) {
    decision.outcome = Outcome::clamped;
  }
  return decision;
}

bool changes_the_spec(const Decision& decision) {
  return decision.outcome == Outcome::enforced || decision.outcome == Outcome::clamped;
}

Status check_ownership(const Control& control, const Change& change) {
  for (const std::string_view pattern : control.owns) {
    if (oci::owned(pattern, change)) return {};
  }
  return fail(Code::internal, fmt::format("cannot trust control {}: it does not own {}", control.id, change.pointer));
}

// What `control` decides about `spec`; nothing when it has no say.
std::vector<Decision> judge(const Control& control, const Spec& spec, const Policy& policy, const Facts& facts) {
  std::vector<Decision> decisions;
  if (!has_a_say(control, facts.operation) || level_of(control, policy) == policy::Level::off) return decisions;
  for (Finding& finding : control.evaluate(spec, policy, facts).take())
    decisions.push_back(decide(control, std::move(finding), policy));
  return decisions;
}

Status verify(const Judgement& judgement, const Policy& policy, const Facts& facts) {
  for (const Control* control : registry()) {
    for (const Decision& decision : judge(*control, judgement.spec, policy, facts)) {
      if (changes_the_spec(decision) || decision.outcome == Outcome::refused)
        return fail(Code::internal, fmt::format("cannot verify control {}: it would still change {}", control->id,
                                                decision.finding.change.pointer));
    }
  }
  return {};
}

}  // namespace

policy::Level level_of(const Control& control, const Policy& policy) {
  const auto found = policy.levels.find(control.id);
  return found == policy.levels.end() ? control.fallback : found->second;
}

std::string_view outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::enforced:
      return "enforced";
    case Outcome::clamped:
      return "clamped";
    case Outcome::refused:
      return "refused";
    case Outcome::warned:
      return "warned";
    case Outcome::waived:
      return "waived";
  }
  return "";
}

const Decision* Judgement::refusal() const {
  const auto found = std::find_if(decisions.begin(), decisions.end(),
                                  [](const Decision& decision) { return decision.outcome == Outcome::refused; });
  return found == decisions.end() ? nullptr : &*found;
}

Result<Judgement> harden(Spec spec, const Policy& policy, const Facts& facts) {
  const std::optional<Spec> as_given = policy.mode == policy::Mode::audit ? std::optional(spec) : std::nullopt;
  Judgement judgement{std::move(spec), {}};
  for (const Control* control : registry()) {
    for (Decision& decision : judge(*control, judgement.spec, policy, facts)) {
      if (changes_the_spec(decision)) {
        TRY_DO(check_ownership(*control, decision.finding.change));
        TRY_DO(judgement.spec.apply(decision.finding.change));
      }
      judgement.decisions.push_back(std::move(decision));
    }
  }
  if (judgement.refusal() == nullptr) TRY_DO(verify(judgement, policy, facts));
  if (as_given) judgement.spec = *as_given;
  return judgement;
}

std::string refusal_text(const Decision& decision) {
  const Control& control = *decision.control;
  const Finding& finding = decision.finding;
  std::string reference;
  if (!control.references.empty())
    reference = fmt::format(" ({} {})", control.references.front().document, control.references.front().item);
  const std::string remedy =
      finding.remedy.empty()
          ? fmt::format("to allow it, add a waiver for control \"{}\" with \"allow\": [{}] and a reason to the policy",
                        control.id, in_quotes(finding.subject))
          : finding.remedy;
  return fmt::format("refused by {}: {}{}; {}", control.id, finding.reason, reference, remedy);
}

}  // namespace hardened::controls
