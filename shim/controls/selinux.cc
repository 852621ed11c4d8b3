// Fields: /process/selinuxLabel. Allowed where the host has SELinux: a container type; on exec the container's own
// label.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "controls/granted.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"CIS Docker 1.6.0", "5.3"},
                                    {"OWASP Docker Cheat Sheet", "RULE #6"},
                                    {"Pod Security Standards", "baseline SELinux"}};
constexpr std::string_view pointer = "/process/selinuxLabel";
constexpr std::string_view owns[] = {pointer};

// Pod Security Standards, baseline. Not among them: spc_t (a "super privileged container") and unconfined_t.
constexpr std::string_view container_types[] = {"container_t", "container_init_t", "container_kvm_t",
                                                "container_engine_t"};

// The type in "user:role:type:level"; empty where `label` is none.
std::string type_of(const std::string& label) {
  const std::vector<std::string> parts = split(label, ':');
  return parts.size() < 4 ? "" : parts[2];
}

bool is_confined(const std::string& label) {
  return std::find(std::begin(container_types), std::end(container_types), type_of(label)) != std::end(container_types);
}

// There is no label to clamp to: its categories are what keeps containers apart, and only the engine hands them out.
Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  if (!facts.selinux) return verdict;
  const std::string label = spec.text(pointer).value_or("");
  const std::string grant = granted(facts).text(pointer).value_or("");
  if (is_confined(grant)) {
    verdict.tighten(std::string(pointer), grant, "an exec is confined as its container is");
  } else if (label.empty()) {
    verdict.refuse(std::string(pointer), "to run without an SELinux label (label=disable)", "disable");
  } else if (!is_confined(label)) {
    const std::string type = type_of(label);
    verdict.refuse(std::string(pointer), fmt::format("the SELinux label {}, not of a container type", in_quotes(label)),
                   type.empty() ? label : type);
  }
  return verdict;
}

}  // namespace

const Control selinux = {
    .id = "selinux",
    .title = "Processes are confined by SELinux where the host has it",
    .rationale = "A process without a container label may open what every other container and the host hold.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
