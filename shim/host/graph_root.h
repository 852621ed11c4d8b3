// Where engines keep root file systems, containers and volumes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/inspector.h"

namespace hardened::host {

// The engine's data directory, told from the clean path of a root file system by the storage driver's layout:
// "/var/lib/docker/overlay2/ID/merged" → "/var/lib/docker". Empty when it follows no known layout.
[[nodiscard]] std::string data_directory(std::string_view root);

// Where an engine keeps the root file system that is mounted at `root` as well. Podman 5 gives the runtime of a
// container with users of its own a directory in $TMPDIR, which everybody can reach, and binds the root there in a
// mount namespace made for it. Resolved; empty when `root` is a mount of nothing else, or when what covers the engine's
// is another thing. Errors: Code::io when the mounts cannot be told.
[[nodiscard]] Result<std::string> kept_at(Inspector& inspector, const Opened& root);

// The directories below which engines keep root file systems and volumes: the well-known ones, the data directory of
// `root` (root.path, resolved) and of `engine_directory` ("DATA/containers/ID"), and the bundle when `root` lies in it.
// Resolved, and only those nobody but root can exchange.
[[nodiscard]] std::vector<std::string> graph_roots(Inspector& inspector, const std::string& root,
                                                   const std::string& engine_directory, const std::string& bundle);

}  // namespace hardened::host
