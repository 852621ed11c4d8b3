// Fields: /linux/netDevices. Allowed: none.
#include <fmt/format.h>

#include "controls/controls.h"
#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OCI runtime-spec", "config-linux.md, Network Devices"}};
constexpr std::string_view owns[] = {"/linux/netDevices"};

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  const Json& devices = spec.elements("/linux/netDevices");
  if (!devices.is_object()) return verdict;
  // Not clampable: a container that asks for a network interface does not work without it.
  for (const auto& [name, device] : devices.items())
    verdict.refuse("/linux/netDevices/" + oci::escaped_token(name),
                   fmt::format("the host's network interface {} was asked for", in_quotes(name)), name);
  return verdict;
}

}  // namespace

const Control net_devices = {
    .id = "net-devices",
    .title = "No network interface is taken from the host",
    .rationale = "Moving an interface cuts the host off, or puts the container on a network that it was kept from.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
