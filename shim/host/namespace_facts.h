// The namespaces a spec joins by path.
#pragma once

#include <string>
#include <string_view>

#include "host/facts.h"
#include "util/result.h"

namespace hardened::host {

// What the namespace file `path` (linux.namespaces[].path) of the runtime-spec's `type` is. `container` is a guess: the
// id in the cgroup of the process whose /proc/PID/ns/* the path is. A guess only because a cgroup is a name anyone with
// root may choose: whoever acts on it must first find that id among the grants. Errors: Code::io; that could not be
// told.
[[nodiscard]] Result<NamespaceFact> namespace_fact(const std::string& type, const std::string& path);

// The container id in the text of a /proc/PID/cgroup: the first path component of 64 hexadecimal digits, else the last
// component, without the prefix ("docker-", "libpod-", …) and suffix (".scope") systemd's cgroup driver gives it.
// The first, because the components after it are the container's own to name (a delegated cgroup).
[[nodiscard]] std::string container_in_cgroup(std::string_view text);

}  // namespace hardened::host
