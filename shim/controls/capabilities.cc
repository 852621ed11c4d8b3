// Fields: /process/capabilities, all five sets. Allowed: the profile's capabilities, as far as the engine gave them.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "controls/controls.h"
#include "kernel/capability_names.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D04"},
                                    {"OWASP Docker Cheat Sheet", "RULE #3"},
                                    {"CIS Docker 1.6.0", "5.4"},
                                    {"CIS Docker 1.6.0", "5.23"}};
constexpr std::string_view owns[] = {"/process/capabilities"};

struct Set {
  std::string_view name;
  // Root needs neither: it gets its permitted set at execve(2) anyway, and a filled inheritable set hands capabilities
  // to programs with inheritable file capabilities (CVE-2022-29162, CVE-2022-24769). For another user under
  // no_new_privs they are the only way to keep a capability across execve(2) (capabilities(7)); the engine's own choice
  // then stands.
  bool root_needs_it;
};
// Bounding first: the user sees the first finding only.
constexpr Set sets[] = {
    {"bounding", true}, {"effective", true}, {"permitted", true}, {"inheritable", false}, {"ambient", false}};

// What engines give to a container that asks for nothing: Docker's and containerd's fourteen; Podman's eleven and
// CRI-O's nine are among them.
constexpr std::string_view engine_defaults[] = {
    "CAP_AUDIT_WRITE", "CAP_CHOWN",   "CAP_DAC_OVERRIDE",     "CAP_FOWNER",    "CAP_FSETID",
    "CAP_KILL",        "CAP_MKNOD",   "CAP_NET_BIND_SERVICE", "CAP_NET_RAW",   "CAP_SETFCAP",
    "CAP_SETGID",      "CAP_SETPCAP", "CAP_SETUID",           "CAP_SYS_CHROOT"};

template <typename Range>
bool contains(const Range& range, std::string_view name) {
  return std::find(std::begin(range), std::end(range), name) != std::end(range);
}

// A name the runtimes may read differently: runc ignores what it does not know, crun matches without regard to case.
void refuse_unknown(Verdict& verdict, std::string pointer, const std::string& name) {
  verdict.refuse(
      std::move(pointer),
      fmt::format("{} is not a capability{}", in_quotes(name), did_you_mean(name, kernel::capability_names())), name,
      "name it as capabilities(7) does");
}

void refuse_excess(Verdict& verdict, std::string pointer, const std::string& name, const Profile& profile) {
  verdict.excess(std::move(pointer), std::nullopt,
                 fmt::format("the capability {} is not in profile {}", name, in_quotes(profile.name)), name,
                 "to allow it, add it to \"capabilities\" of the profile");
}

void judge_set(Verdict& verdict, const Spec& spec, const Set& set, const Profile& profile, bool root) {
  const std::string pointer = fmt::format("/process/capabilities/{}", set.name);
  const std::vector<std::string> names = spec.strings(pointer);
  const bool needed = !root || set.root_needs_it;
  Json kept = Json::array();  // by this one finding; each excess is a finding of its own
  for (const std::string& name : names) {
    const bool drop = contains(profile.capabilities, name) ? !needed : contains(engine_defaults, name);
    if (!drop) kept.push_back(name);
  }
  if (kept.size() != names.size())
    verdict.tighten(pointer, kept,
                    needed ? fmt::format("those left out are not in profile {}", in_quotes(profile.name))
                           : fmt::format("root needs no {} set", set.name));

  std::set<std::string_view> seen;  // one change takes every copy of a name out
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string& name = names[i];
    if (!seen.insert(name).second) continue;
    if (!kernel::is_capability(name)) {
      refuse_unknown(verdict, fmt::format("{}/{}", pointer, i), name);
    } else if (!contains(profile.capabilities, name) && !contains(engine_defaults, name)) {
      refuse_excess(verdict, fmt::format("{}/{}", pointer, name), name, profile);
    }
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts&) {
  Verdict verdict(spec);
  if (spec.find("/process/capabilities") == nullptr) {
    // Runtimes differ on what an absent object means (on exec: the container's own); say what it has to mean.
    Json none = Json::object();
    for (const Set& set : sets) none[std::string(set.name)] = Json::array();
    verdict.tighten("/process/capabilities", std::move(none), "no capability is asked for");
    return verdict;
  }
  const bool root = spec.integer("/process/user/uid").value_or(0) == 0;
  for (const Set& set : sets) judge_set(verdict, spec, set, policy.profile, root);
  return verdict;
}

}  // namespace

const Control capabilities = {
    .id = "capabilities",
    .title = "Processes have the profile's capabilities only",
    .rationale = "A capability opens a part of the kernel's privileged interface to whoever takes over the process.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
