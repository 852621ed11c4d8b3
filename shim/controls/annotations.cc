// Fields: /annotations. Allowed: all but those that a runtime obeys, and of these the ones engines set by themselves.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OCI runtime-spec", "features.md, potentiallyUnsafeConfigAnnotations"},
                                    {"crun", "crun.1.md, EXTENSIONS TO OCI"}};
constexpr std::string_view owns[] = {"/annotations/*"};
constexpr std::string_view remedy = "to allow it, add it to \"annotations\" of the profile";

struct Danger {
  std::string_view pattern;
  std::string_view effect;
};
// The union of what runc 1.3 and crun publish as potentially unsafe, and of what crun obeys without publishing it.
constexpr Danger dangers[] = {
    {"run.oci.*", "makes crun replace the seccomp filter, load code or write to host paths"},
    {"krun.*", "changes the virtual machine of crun's krun handler"},
    {"module.wasm.*", "makes crun run the program by another handler"},
    {"org.systemd.property.*", "sets any property of the container's systemd unit"},
    {"org.criu.config", "makes the runtime read a file of the host"},
    {"bundle", "changes the bundle directory that hooks are told"},
    {"io.kubernetes.cri-o.*", "belongs to CRI-O"},
};

struct Harmless {
  std::string_view key;
  std::string_view value;  // a glob
  Engine engine;           // unknown: every engine
};
// Podman adds those up to SandboxID itself (libpod/container_internal_common.go; specgen, for systemd inside of a
// container). No low-level runtime obeys what it has of CRI-O's.
constexpr Harmless harmless[] = {
    {"org.systemd.property.KillSignal", "*", Engine::unknown},
    {"org.systemd.property.TimeoutStopUSec", "*", Engine::unknown},
    {"run.oci.mount_context_type", "rootcontext", Engine::podman},
    {"io.kubernetes.cri-o.Created", "*", Engine::podman},
    {"io.kubernetes.cri-o.TTY", "*", Engine::podman},
    {"io.kubernetes.cri-o.ContainerType", "*", Engine::podman},
    {"io.kubernetes.cri-o.SandboxID", "*", Engine::podman},
    {"io.kubernetes.cri-o.*", "*", Engine::cri_o},
};

const Danger* danger_of(std::string_view key) {
  const auto found = std::find_if(std::begin(dangers), std::end(dangers),
                                  [key](const Danger& danger) { return glob_match(danger.pattern, key); });
  return found == std::end(dangers) ? nullptr : &*found;
}

bool is_kept(std::string_view key, std::string_view value, Engine engine, const Profile& profile) {
  return std::any_of(std::begin(harmless), std::end(harmless),
                     [&](const Harmless& row) {
                       return glob_match(row.key, key) && glob_match(row.value, value) &&
                              (row.engine == Engine::unknown || row.engine == engine);
                     }) ||
         std::any_of(profile.annotations.begin(), profile.annotations.end(),
                     [key](const std::string& pattern) { return glob_match(pattern, key); });
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const Json& annotations = spec.elements("/annotations");
  if (!annotations.is_object()) return verdict;
  for (const auto& [key, value] : annotations.items()) {
    const Danger* danger = danger_of(key);
    if (danger == nullptr || !value.is_string()) continue;
    if (is_kept(key, value.get_ref<const std::string&>(), facts.workload.engine, policy.profile)) continue;
    verdict.excess("/annotations/" + oci::escaped_token(key), std::nullopt,
                   fmt::format("the annotation {} {}", in_quotes(key), danger->effect), key, std::string(remedy));
  }
  return verdict;
}

}  // namespace

const Control annotations = {
    .id = "annotations",
    .title = "Annotations give the runtime no orders",
    .rationale = "With \"run.oci.seccomp_bpf_data\" anyone who may start a container replaces its seccomp filter.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
