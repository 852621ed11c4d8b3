#include "host/destinations.h"

#include "host/bind_mount.h"
#include "host/walk.h"
#include "oci/spec.h"
#include "util/text.h"

namespace hardened::host {
namespace {

Status locate(const std::string& spelled, Probe& probe) {
  if (probe.facts.destinations.contains(spelled)) return {};
  auto path = walk(probe.root.get(), spelled);
  if (!path && path.error().code == Code::io) return tl::unexpected<Error>(path.error());
  probe.facts.destinations[spelled] = path ? Destination{std::move(*path), {}} : Destination{{}, path.error().message};
  return {};
}

// The image says nothing about what lies below a mount: a link in a volume would lead on.
Status look_into_volumes(const Json& mounts, Probe& probe) {
  for (const Json& outer : mounts) {
    const auto source = probe.sources.find(bind_source(outer));
    const auto place = probe.facts.destinations.find(oci::text(outer, "/destination").value_or(""));
    if (source == probe.sources.end() || place == probe.facts.destinations.end()) continue;
    const std::string& above = place->second.path;
    for (auto& [spelled, inner] : probe.facts.destinations) {
      if (above.empty() || above == "/" || inner.path == above || !is_within(inner.path, above)) continue;
      TRY(crosses, crosses_link(source->second.get(), inner.path.substr(above.size() + 1)));
      if (crosses) inner.problem = "a symbolic link in the volume at " + in_quotes(above) + " lies on its way";
    }
  }
  return {};
}

}  // namespace

Status locate_destinations(const Json& spec, const std::vector<std::string>& more, Probe& probe) {
  if (!probe.root.valid()) return {};
  const Json& mounts = oci::elements(spec, "/mounts");
  for (const Json& mount : mounts) {
    if (const auto spelled = oci::text(mount, "/destination")) TRY_DO(locate(*spelled, probe));
  }
  for (const std::string& path : more) TRY_DO(locate(path, probe));
  return look_into_volumes(mounts, probe);
}

}  // namespace hardened::host
