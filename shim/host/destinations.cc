#include "host/destinations.h"

#include "host/bind_mount.h"
#include "host/walk.h"
#include "oci/spec.h"
#include "util/text.h"

namespace hardened::host {
namespace {

Destination locate(int root, const std::string& spelled) {
  auto path = walk(root, spelled);
  if (!path) return {{}, path.error().message};
  return {std::move(*path), {}};
}

// The image says nothing about what lies below a mount: a link in a volume would lead on.
void look_into_volumes(const Json& mounts, Probe& probe) {
  for (const Json& outer : mounts) {
    const auto source = probe.sources.find(bind_source(outer));
    const auto place = probe.facts.destinations.find(oci::text(outer, "/destination").value_or(""));
    if (source == probe.sources.end() || place == probe.facts.destinations.end()) continue;
    const std::string& above = place->second.path;
    for (auto& [spelled, inner] : probe.facts.destinations) {
      if (above.empty() || above == "/" || inner.path == above || !is_within(inner.path, above)) continue;
      if (crosses_link(source->second.get(), inner.path.substr(above.size() + 1)))
        inner.problem = "a symbolic link in the volume at " + in_quotes(above) + " lies on its way";
    }
  }
}

}  // namespace

void locate_destinations(const Json& spec, const std::vector<std::string>& more, Probe& probe) {
  if (!probe.root.valid()) return;
  const Json& mounts = oci::elements(spec, "/mounts");
  for (const Json& mount : mounts) {
    if (const auto spelled = oci::text(mount, "/destination"))
      probe.facts.destinations.try_emplace(*spelled, locate(probe.root.get(), *spelled));
  }
  for (const std::string& path : more) probe.facts.destinations.try_emplace(path, locate(probe.root.get(), path));
  look_into_volumes(mounts, probe);
}

}  // namespace hardened::host
