// A control: one hardening rule as data and one pure function. It never sees a mutable spec, so what it says is what it
// did; explain, audit and dry runs come free.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/facts.h"
#include "oci/spec.h"
#include "policy/policy.h"

namespace hardened::controls {

struct Reference {
  std::string_view document;  // "OWASP Docker Top 10", "OWASP Docker Cheat Sheet", "CIS Docker 1.6.0", "CVE", …
  std::string_view item;      // "D04", "RULE #3", "5.26"
};

// Rule 2 of the design: what the engine put there by default is tightened silently; what the user asked for beyond the
// policy is an excess, and the control's level decides (refuse, clamp or warn). A notice changes nothing and is
// recorded: what the profile would have, and tolerates not to have on this host.
enum class Kind { tighten, excess, notice };

struct Finding {
  Kind kind = Kind::tighten;
  Change change;          // what tightening or clamping does; for a warning, nothing is done
  bool clampable = true;  // false: there is no safe way to cut it down; clamp refuses
  std::string reason;     // tighten: why, one clause; excess: what was asked, with the value
  std::string subject;    // excess: the offending value, as a waiver names it ("CAP_SYS_ADMIN", "/var/run/docker.sock")
  std::string remedy;     // excess: how to allow it, when a waiver is not the way; empty: a waiver for `subject`
};

// The findings of one control. Their changes are applied in order, each to the result of the one before; some may be
// skipped (warned, waived), so removals from one array go from the last index to the first.
class Verdict {
 public:
  explicit Verdict(const Spec& spec) : spec_(spec) {}

  // Puts `after` at `pointer` (nothing: removes what is there); `before` is read from the spec. No finding when equal.
  void tighten(std::string pointer, std::optional<Json> after, std::string reason);
  // Inserts `element` into the array at `pointer` before the index (or "-").
  void insert(std::string pointer, Json element, std::string reason);
  // What the user asked for; `clamped` is what a clamp puts at `pointer`.
  void excess(std::string pointer, std::optional<Json> clamped, std::string reason, std::string subject,
              std::string remedy = {});
  // An excess that cannot be cut down, only refused or allowed.
  void refuse(std::string pointer, std::string reason, std::string subject, std::string remedy = {});
  // The same where the value must not be seen: findings go to the audit log, and this one carries no `before`.
  void refuse_unseen(std::string pointer, std::string reason, std::string subject, std::string remedy = {});

  // What is left as it is at `pointer`, and why.
  void notice(std::string pointer, std::string reason, std::string subject);

  [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }
  [[nodiscard]] std::vector<Finding> take() { return std::move(findings_); }

 private:
  const Spec& spec_;
  std::vector<Finding> findings_;
};

struct Control {
  std::string_view id;         // "no-new-privileges": stable; in policies, logs and waivers
  std::string_view title;      // what is true afterwards: "Processes cannot gain privileges"
  std::string_view rationale;  // the attack it stops, one sentence
  std::span<const Reference> references;
  std::span<const std::string_view> owns;  // pointer patterns (oci/change.h) it may change; disjoint between controls
  Verdict (*evaluate)(const Spec&, const Policy&, const Facts&);
  policy::Level fallback = policy::Level::enforce;  // the level where the policy names none
  bool on_every_operation = false;                  // also on exec and update although it owns nothing there
};

}  // namespace hardened::controls
