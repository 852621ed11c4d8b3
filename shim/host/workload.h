// Who asks for the container, told from what engines leave in the spec and, for Docker, beside it.
#pragma once

#include <string>
#include <string_view>

#include "host/inspector.h"
#include "oci/json.h"
#include "oci/workload.h"

namespace hardened::host {

struct Identified {
  Workload workload;
  // The engine's own directory of this container ("/var/lib/docker/containers/ID"); empty when there is none, or when
  // anyone but root could have made or exchanged it.
  std::string engine_directory;
};

// `root` is the resolved root.path, `runtime_root` the --root of the command line. Never fails: what the engine does
// not say, or says in a file that cannot be trusted, stays empty, and an empty image matches no rule of a policy.
//
// The image name may select a profile, so nobody but the engine may choose it. Docker's caller chooses annotations and
// the sources of /etc/hostname, /etc/hosts and /etc/resolv.conf (-v), so for Docker annotations name no image, and the
// container directory is looked for where only dockerd decides: in the data directory root.path lies in, or, where the
// layout is unknown, at a bind source that spells the container's own id, which did not exist when the caller wrote it.
[[nodiscard]] Identified identify(const Json& spec, const std::string& id, std::string_view runtime_root,
                                  const std::string& root, Inspector& inspector);

}  // namespace hardened::host
