// Fields: /linux/namespaces. Allowed: private ones, those of our other containers, and the host's where the profile
// lists them. A user namespace is added where one was prepared (user-namespace has its mapping); "time" is left as it
// is.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"Pod Security Standards", "Baseline, Host Namespaces"},
                                    {"CIS Docker 1.6.0", "5.10"},
                                    {"CIS Docker 1.6.0", "5.16"},
                                    {"CIS Docker 1.6.0", "5.17"},
                                    {"CIS Docker 1.6.0", "5.21"}};
constexpr std::string_view namespaces_at = "/linux/namespaces";
constexpr std::string_view owns[] = {"/linux/namespaces/-", "/linux/namespaces/*/path"};

struct Type {
  std::string_view name;
  bool judged;     // false: left as it is
  bool grantable;  // a profile may let a container have the host's
  bool clampable;  // a private one does what was meant; a private network has no connection at all
};
constexpr Type types[] = {{"pid", true, true, true},     {"ipc", true, true, true},    {"network", true, true, false},
                          {"uts", true, true, true},     {"cgroup", true, true, true}, {"mount", true, false, true},
                          {"user", false, false, false}, {"time", false, false, false}};

// Without these the container works as before, so that nobody needs to have asked for the host's: engines on cgroup v1
// leave out the cgroup namespace, and pods on the host's network its uts namespace.
bool is_left_out_by_default(const Type& type, Engine engine) {
  if (type.name == "cgroup") return true;
  return type.name == "uts" && engine != Engine::docker && engine != Engine::podman;
}

bool is_granted(const Type& type, const Policy& policy) {
  const auto& granted = policy.profile.namespaces;
  return type.grantable && std::find(granted.begin(), granted.end(), type.name) != granted.end();
}

std::string remedy_for(const Type& type) {
  return type.grantable ? fmt::format("to allow it, add {} to \"namespaces\" of the profile", in_quotes(type.name))
                        : "";
}

void judge_missing(Verdict& verdict, const Type& type, Engine engine) {
  const std::string end = fmt::format("{}/-", namespaces_at);
  const Json own = {{"type", std::string(type.name)}};
  if (is_left_out_by_default(type, engine)) {
    verdict.insert(end, own,
                   fmt::format("the host's {} namespace tells and changes more than the container's own", type.name));
  } else if (type.clampable) {
    verdict.excess(end, own, fmt::format("the host's {} namespace was asked for", type.name), std::string(type.name),
                   remedy_for(type));
  } else {
    verdict.refuse(end, fmt::format("the host's {} namespace was asked for", type.name), std::string(type.name),
                   remedy_for(type));
  }
}

void judge_host(Verdict& verdict, const Type& type, const std::string& pointer) {
  const std::string reason = fmt::format("the host's {} namespace was asked for", type.name);
  if (type.clampable) {
    verdict.excess(pointer, std::nullopt, reason, std::string(type.name), remedy_for(type));
  } else {
    verdict.refuse(pointer, reason, std::string(type.name), remedy_for(type));
  }
}

// A namespace that the engine made and pinned by a mount: network ones by CNI, Podman and Docker, CRI-O's (pinns) of
// every type. A path below /proc is that of somebody's process.
bool is_pinned_by_engine(const Type& type, std::string_view path, Engine engine) {
  if (path.starts_with("/proc/")) return false;
  if (type.name == "network") return true;
  return engine == Engine::cri_o && (path.starts_with("/run/") || path.starts_with("/var/run/"));
}

void judge_joined(Verdict& verdict, const Type& type, const std::string& pointer, const std::string& path,
                  const Policy& policy, const Facts& facts) {
  const auto fact = facts.namespaces.find(path);
  if (fact == facts.namespaces.end()) {
    verdict.refuse(pointer, fmt::format("it is not known whose {} namespace {} is", type.name, in_quotes(path)), path);
  } else if (fact->second.host) {
    if (!is_granted(type, policy)) judge_host(verdict, type, pointer);
  } else if (!fact->second.container && !is_pinned_by_engine(type, clean_path(path), facts.workload.engine)) {
    verdict.refuse(
        pointer, fmt::format("the {} namespace {} belongs to no container of this runtime", type.name, in_quotes(path)),
        path, "start the other container with this runtime, or join none");
  }
}

std::string type_name(const Json& element) {
  const Json* name = oci::find(element, "/type");
  return name != nullptr && name->is_string() ? name->get<std::string>() : "";
}

// The indices in /linux/namespaces of `type`.
std::vector<std::size_t> entries(const Json& namespaces, std::string_view type) {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    if (type_name(namespaces[i]) == type) found.push_back(i);
  }
  return found;
}

void judge_type(Verdict& verdict, const Spec& spec, const Type& type, const Policy& policy, const Facts& facts) {
  const std::vector<std::size_t> found = entries(spec.elements(namespaces_at), type.name);
  if (found.size() > 1)
    verdict.refuse(std::string(namespaces_at), fmt::format("the {} namespace is given twice", type.name),
                   std::string(type.name), "give it once");
  if (!type.judged) return;
  if (found.empty() && !is_granted(type, policy)) judge_missing(verdict, type, facts.workload.engine);
  for (const std::size_t index : found) {
    const std::string pointer = fmt::format("{}/{}/path", namespaces_at, index);
    const std::string path = spec.text(pointer).value_or("");
    if (!path.empty()) judge_joined(verdict, type, pointer, path, policy, facts);
  }
}

void judge_unknown(Verdict& verdict, const Json& namespaces) {
  for (const Json& element : namespaces) {
    const std::string name = type_name(element);
    if (std::none_of(std::begin(types), std::end(types), [&](const Type& type) { return type.name == name; }))
      verdict.refuse(std::string(namespaces_at),
                     fmt::format("nothing is known of the namespace type {}", in_quotes(name)), name, "leave it out");
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  if (spec.elements(namespaces_at).empty()) {
    // Without any the runtime would run the process in the host itself; there is no list to add to.
    verdict.refuse(std::string(namespaces_at), "no namespaces at all were asked for", "all", "ask for namespaces");
    return verdict;
  }
  judge_unknown(verdict, spec.elements(namespaces_at));
  for (const Type& type : types) judge_type(verdict, spec, type, policy, facts);
  if (facts.ids.size != 0 && entries(spec.elements(namespaces_at), "user").empty()) {
    Json users = {{"type", "user"}};
    if (!facts.joined_user_namespace.empty()) users["path"] = facts.joined_user_namespace;
    verdict.insert(fmt::format("{}/-", namespaces_at), std::move(users), "root in the container is nobody on the host");
  }
  return verdict;
}

}  // namespace

const Control host_namespaces = {
    .id = "host-namespaces",
    .title = "No namespace is shared with the host",
    .rationale =
        "In the host's namespaces a container sees and signals its processes, its shared memory and its network.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
