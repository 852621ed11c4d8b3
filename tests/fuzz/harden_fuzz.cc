// Any spec at all: judging it neither crashes nor breaks a promise of the engine's (Code::internal), and what is not
// refused is never weaker, as the oracle of the property tests tells.
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "controls/engine.h"
#include "controls/registry.h"
#include "host/sensitive.h"
#include "oci/schema.h"
#include "oci/strict_json.h"
#include "policy/load.h"
#include "property/oracle.h"
#include "runtime/known_names.h"
#include "util/text.h"

namespace {

using namespace hardened;

host::PathFact file_at(const std::string& path, mode_t mode) {
  host::PathFact fact;
  fact.exists = true;
  fact.resolved = clean_path(path);
  fact.location = {1, fact.resolved};
  fact.mode = mode;
  fact.root_controlled = true;
  return fact;
}

// A machine without symbolic links: every path the spec names is a directory and what its name says.
Facts facts_for(const Json& spec, std::vector<std::string> unknown_members) {
  Facts facts;
  facts.workload.engine = Engine::docker;
  facts.workload.id = "c";
  facts.workload.image = "image";
  facts.runtime = {"/usr/sbin/runc", host::RuntimeKind::runc, 1, 1, 5};
  facts.swap_accounting = true;
  facts.ids = {1073741824, 1073741824, 65536};
  facts.graph_roots = {"/var/lib/docker"};
  facts.unknown_members = std::move(unknown_members);
  for (const host::SensitivePath& row : host::sensitive_paths())
    facts.sensitive.push_back(
        {std::string(row.path), row.socket, row.subtree, file_at(std::string(row.path), S_IFDIR | 0755)});
  const Spec view(spec);
  const std::string root = view.text("/root/path").value_or("");
  if (root.starts_with('/')) facts.paths[root] = file_at(root, S_IFDIR | 0755);
  for (const Json& mount : view.elements("/mounts")) {
    const auto source = mount.find("source");
    if (source == mount.end() || !source->is_string() || !source->get_ref<const std::string&>().starts_with('/'))
      continue;
    facts.paths[source->get<std::string>()] = file_at(source->get<std::string>(), S_IFDIR | 0755);
  }
  return facts;
}

Policy clamping() {
  Policy policy;
  policy.profile = policy::built_in("compat", runtime::known_names()).value();
  for (const controls::Control* control : controls::registry())
    policy.levels[std::string(control->id)] = policy::Level::clamp;
  return policy;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Policy policy = clamping();
  const auto document = oci::parse_strict({reinterpret_cast<const char*>(data), size}, "fuzz", {.max_depth = 16});
  if (!document) return 0;
  auto unknown = oci::check_shape(document->value, oci::spec_shape, "fuzz");
  if (!unknown) return 0;
  const Facts facts = facts_for(document->value, std::move(*unknown));
  const auto judgement = controls::harden(Spec(document->value), policy, facts);
  if (!judgement) {
    std::fprintf(stderr, "%s\n", judgement.error().message.c_str());
    std::abort();
  }
  if (judgement->refusal() != nullptr) return 0;
  for (const std::string& sentence : property::violations(document->value, judgement->spec.document(), policy, facts)) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    std::abort();
  }
  return 0;
}
