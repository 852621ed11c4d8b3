// Fields: /process/noNewPrivileges. Allowed: true.
#include "controls/controls.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Top 10", "D04"}, {"OWASP Docker Cheat Sheet", "RULE #4"}, {"CIS Docker 1.6.0", "5.26"}};
constexpr std::string_view owns[] = {"/process/noNewPrivileges"};

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  // `--security-opt no-new-privileges=false` and Docker's own default look the same here: both are tightened. Without
  // it runc also loads the seccomp filter before it has dropped capabilities, and the filter has to allow that.
  verdict.tighten("/process/noNewPrivileges", true, "execve(2) must not give privileges");
  return verdict;
}

}  // namespace

const Control no_new_privileges = {
    .id = "no-new-privileges",
    .title = "Processes cannot gain privileges",
    .rationale = "A set-user-ID binary or file capability in the image would otherwise hand back what was dropped.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
