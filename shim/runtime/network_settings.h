// The kernel settings of a network that the engine made.
#pragma once

#include <vector>

#include "host/facts.h"
#include "oci/spec.h"
#include "util/result.h"

namespace hardened::runtime {

// Podman, CRI-O and containerd's CRI plugin make the network namespace themselves, so it belongs to the host's users,
// and nobody in a container with users of its own may change its settings: the runtime would fail (EACCES). So the
// settings of `spec` below "net.", which were judged, are written here, in that namespace; the groups of
// net.ipv4.ping_group_range are the container's. Returns the changes that take them out of the spec; none where the
// container has no users of its own, or a network of its own. Errors (Code::io): a setting that cannot be written.
[[nodiscard]] Result<std::vector<Change>> write_network_settings(const Spec& spec, const host::Facts& facts);

}  // namespace hardened::runtime
