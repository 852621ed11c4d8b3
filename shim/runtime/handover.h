// Becoming the real runtime.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/invocation.h"
#include "util/result.h"

namespace hardened::runtime {

// Where runc and crun live on Debian, Fedora, Alpine and from source, in the order tried when nothing else decides.
[[nodiscard]] std::span<const char* const> usual_runtimes();

// Is `path` an executable regular file, absolute, and not this program under another name? (execve of ourselves would
// loop for ever.)
[[nodiscard]] bool is_usable_runtime(const std::string& path);

// The usual runtime of the kind that keeps the container `id` below `root` (empty: below its own default root), as its
// record there tells; empty when there is none. For when our own state was removed while containers live.
[[nodiscard]] std::string recorded_runtime(const std::string& root, const std::string& id);

// Hands a verb that gives no rights to the runtime that made the container: the one its grant names, else the one whose
// record there is, else the one the last create used, else the usual ones. Nothing is read: the names are symbolic
// links that execve(2) follows, so a container stays killable whatever became of policy, state or logs. Returns only on
// failure.
[[nodiscard]] Error pass_through(const Invocation& invocation, char* const argv[]);

// Replaces this process by `runtime` with `arguments` (argv[0] included) and the environment as it is. Marks every
// descriptor from 3 + --preserve-fds (+ $LISTEN_FDS) on as close-on-exec first (CVE-2024-21626), but for `keep`.
// Returns only on failure.
[[nodiscard]] Error become(const std::string& runtime, const Invocation& invocation,
                           const std::vector<std::string>& arguments, std::optional<int> keep = std::nullopt);

}  // namespace hardened::runtime
