// Fields: /linux/seccomp. Allowed: what the profile and the engine's filter both allow, for one native architecture.
#include <algorithm>
#include <cerrno>

#include "controls/controls.h"
#include "controls/seccomp_filter_model.h"
#include "controls/seccomp_generate.h"
#include "controls/seccomp_intersect.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D04"},
                                    {"OWASP Docker Cheat Sheet", "RULE #6"},
                                    {"CIS Docker 1.6.0", "5.22"},
                                    {"Pod Security Standards", "Restricted: Seccomp"},
                                    {"CVE", "CVE-2022-0185"}};
constexpr std::string_view owns[] = {"/linux/seccomp"};
constexpr std::string_view pointer = "/linux/seccomp";

std::vector<std::string> architectures(const Json* given, const policy::Seccomp& profile, const Facts& facts) {
  std::vector<std::string> result = filter_architectures(facts.architecture, profile.compat_architectures);
  if (given == nullptr || result.empty()) return result;
  // The native one is the runtime's whatever the engine lists; another one only where the engine's filter covers it
  // too.
  const auto listed = given->find("architectures");
  const auto is_listed = [&](const std::string& name) {
    return listed != given->end() && std::find(listed->begin(), listed->end(), Json(name)) != listed->end();
  };
  result.erase(std::remove_if(result.begin() + 1, result.end(), [&](const auto& name) { return !is_listed(name); }),
               result.end());
  return result;
}

// An explicit empty list keeps the runtime from adding SECCOMP_FILTER_FLAG_SPEC_ALLOW, which gives up the Spectre v4
// mitigation. Only logging is kept, where the runtime takes flags at all: runc before 1.2 refuses any.
std::vector<std::string> flags(const Json* given, const host::RuntimeFact& runtime) {
  constexpr std::string_view logging = "SECCOMP_FILTER_FLAG_LOG";
  const bool takes_flags =
      runtime.kind == host::RuntimeKind::crun ||
      (runtime.kind == host::RuntimeKind::runc && (runtime.major > 1 || (runtime.major == 1 && runtime.minor >= 2)));
  if (given == nullptr || !takes_flags) return {};
  const auto listed = given->find("flags");
  if (listed == given->end() || std::find(listed->begin(), listed->end(), Json(logging)) == listed->end()) return {};
  return {std::string(logging)};
}

bool user_may_have_removed_it(Engine engine) {
  return engine == Engine::docker || engine == Engine::podman || engine == Engine::cri_o;
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const policy::Seccomp& profile = policy.profile.seccomp;
  const std::vector<std::string> bounding = spec.strings("/process/capabilities/bounding");
  const SyscallFilter ours = generate_filter(profile, Capabilities(bounding.begin(), bounding.end()), facts);
  const Json* given = spec.find(pointer);
  // No filter is one that allows everything: then what stands here afterwards has the form it has on a second look.
  const SyscallFilter theirs = given == nullptr ? SyscallFilter{{Action::allow, 0}, {}}
                                                : read_filter(*given, errno_number(profile.denied, EPERM));
  const SyscallFilter filter = intersect(ours, theirs);
  Json hardened = write_filter(filter, architectures(given, profile, facts), flags(given, facts.runtime));

  if (given == nullptr && user_may_have_removed_it(facts.workload.engine)) {
    verdict.excess(std::string(pointer), std::move(hardened),
                   "the container would run without a seccomp filter (seccomp=unconfined)", "seccomp=unconfined");
  } else if (given != nullptr && notifies(*given)) {
    verdict.excess(std::string(pointer), std::move(hardened),
                   "the seccomp filter leaves system calls to a listener outside of the container (SCMP_ACT_NOTIFY)",
                   "seccomp=notify");
  } else {
    verdict.tighten(std::string(pointer), std::move(hardened), "only the system calls of the profile may be made");
  }
  return verdict;
}

}  // namespace

const Control seccomp = {.id = "seccomp",
                         .title = "System calls are limited to those of the profile",
                         .rationale =
                             "Every call is a way into the kernel that all containers share; the ones a workload never "
                             "makes only serve an exploit.",
                         .references = references,
                         .owns = owns,
                         .evaluate = evaluate};

}  // namespace hardened::controls
