// Follows a path as the kernel would, link by link, without ever leaving where it starts.
#pragma once

#include <functional>
#include <string>

#include "util/result.h"

namespace hardened::host {

// A symbolic link on the way: the clean path of its directory, and the link itself (O_PATH).
using OnLink = std::function<void(const std::string& directory, int link)>;

// The path that `path` leads to below the directory `root` (O_PATH), which is "/" of the result: clean, with no
// symbolic link in it. What does not exist is taken as written, as the runtimes do that make it (runc, crun:
// SecureJoin). Where the whole has a link in it, every step opens one more component with openat2(2) (Linux 5.6) and
// RESOLVE_NO_SYMLINKS, so nothing outside of `root` is ever opened. Errors: Code::policy for what cannot be followed
// (more than 40 links); Code::io for a component that cannot be looked at.
[[nodiscard]] Result<std::string> walk(int root, const std::string& path, const OnLink& on_link = {});

// Does `path`, relative and clean, exist below `root` with a symbolic link in it? Errors: Code::io; that cannot be
// told.
[[nodiscard]] Result<bool> crosses_link(int root, const std::string& path);

}  // namespace hardened::host
