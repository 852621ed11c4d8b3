#include "runtime/needed_paths.h"

#include <algorithm>

#include "controls/mounts.h"
#include "oci/json.h"
#include "util/paths.h"

namespace hardened::runtime {
namespace {

bool is_network_hook(const Json& hook) {
  const auto args = hook.find("args");
  return args != hook.end() && args->is_array() && !args->empty() && args->front() == "libnetwork-setkey";
}

bool has_other_hooks(const Spec& spec) {
  const Json* hooks = spec.find("/hooks");
  if (hooks == nullptr || !hooks->is_object()) return false;
  return std::any_of(hooks->begin(), hooks->end(), [](const Json& stage) {
    return stage.is_array() && !std::all_of(stage.begin(), stage.end(), is_network_hook);
  });
}

// An overlay names its layers in its options, and every other type of its own what it likes.
bool has_other_mounts(const Spec& spec) {
  const std::vector<controls::MountView> mounts = controls::mounts_of(spec);
  return std::any_of(mounts.begin(), mounts.end(), [](const controls::MountView& mount) {
    return !mount.bind && !controls::is_usual_type(mount.type);
  });
}

}  // namespace

std::optional<std::vector<std::string>> needed_paths(const Invocation& invocation, const Spec& spec,
                                                     host::RuntimeKind runtime, const state::Grant& grant) {
  if (runtime == host::RuntimeKind::other || has_other_hooks(spec) || has_other_mounts(spec)) return std::nullopt;
  std::vector<std::string> result{grant.runtime,
                                  grant.runtime_root,
                                  grant.stand_in,
                                  paths::program,
                                  paths::audit_log,
                                  invocation.flag("bundle"),
                                  paths::training,
                                  invocation.flag("pid-file"),
                                  invocation.flag("console-socket"),
                                  invocation.flag("pidfd-socket"),
                                  invocation.global("log")};
  if (result.back().starts_with("file:")) result.push_back(result.back().substr(5));  // crun's
  for (const char* list : {"/linux/namespaces", "/linux/devices"}) {
    for (const Json& element : spec.elements(list)) result.push_back(oci::text(element, "/path").value_or(""));
  }
  result.push_back(spec.text("/linux/seccomp/listenerPath").value_or(""));
  // dockerd runs itself (/proc/PID/exe), and is linked with what lies beside it.
  for (const char* list : {"/hooks/prestart", "/hooks/createRuntime"}) {
    for (const Json& hook : spec.elements(list)) result.push_back(oci::text(hook, "/path").value_or(""));
  }
  std::erase(result, "");
  return result;
}

}  // namespace hardened::runtime
