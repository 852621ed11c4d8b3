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

// The directories below which engines keep root file systems and volumes: the well-known ones, the data directory of
// `root` (root.path, resolved) and of `engine_directory` ("DATA/containers/ID"), and the bundle when `root` lies in it.
// Resolved, and only those nobody but root can exchange.
[[nodiscard]] std::vector<std::string> graph_roots(Inspector& inspector, const std::string& root,
                                                   const std::string& engine_directory, const std::string& bundle);

}  // namespace hardened::host
