// Fields: /linux/resources/unified. Allowed: the few files below; everything else is a limit of another control by a
// second name, or a protection at the neighbours' expense.
#include <fmt/format.h>

#include "controls/controls.h"
#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D07"}};
constexpr std::string_view owns[] = {"/linux/resources/unified/*"};

struct File {
  std::string_view name;
  std::string_view value;  // the only one allowed; empty: any
};
// Files that can only restrict. The kubelet sets memory.oom.group (Kubernetes 1.28) and memory.swap.max (1.30) itself.
constexpr File allowed[] = {
    {"cpu.idle", "1"}, {"io.max", ""}, {"memory.high", ""}, {"memory.oom.group", ""}, {"memory.swap.max", "0"}};

bool is_allowed(std::string_view name, const Json& value) {
  for (const File& file : allowed) {
    if (file.name == name) return file.value.empty() || value == std::string(file.value);
  }
  return false;
}

// cgroup v1 has no such files. crun ignores them there and runc fails with a message that names no cause.
void refuse_all(Verdict& verdict, const Json& files) {
  for (const auto& [name, value] : files.items())
    verdict.refuse("/linux/resources/unified/" + oci::escaped_token(name),
                   fmt::format("the cgroup file {} was asked for on a host without cgroup v2", in_quotes(name)), name);
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  const Json& files = spec.elements("/linux/resources/unified");
  if (!files.is_object()) return verdict;
  if (facts.cgroup_version < 2) {
    refuse_all(verdict, files);
    return verdict;
  }
  for (const auto& [name, value] : files.items()) {
    if (is_allowed(name, value)) continue;
    verdict.excess("/linux/resources/unified/" + oci::escaped_token(name), std::nullopt,
                   fmt::format("writing {} to the cgroup file {} goes around the limits of the profile",
                               in_quotes(value.is_string() ? value.get<std::string>() : value.dump()), in_quotes(name)),
                   name);
  }
  return verdict;
}

}  // namespace

const Control unified_cgroup = {
    .id = "unified-cgroup",
    .title = "Raw cgroup files cannot undo the limits",
    .rationale = "A raw \"pids.max\" or \"memory.max\" is written after the limits and replaces them.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
