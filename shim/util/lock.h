// Advisory locks (flock(2)) that are never waited for without end.
#pragma once

#include <chrono>
#include <string>

#include "util/result.h"

namespace hardened {

// How long a container start waits for another one's lock. A lock is held for well under a millisecond, or for a few
// where the host's mounts are copied (rootfs/empty_namespace.h); a holder that was stopped (SIGSTOP, a frozen cgroup)
// must not hang every start on the host.
inline constexpr std::chrono::milliseconds lock_patience{2000};

enum class Lock { shared, exclusive };

// Locks the open file `fd`; released when its last descriptor is closed, also by a killed process. `name` is used in
// errors only. Errors (Code::io): still held by another after `patience`, or no lock can be had at all.
[[nodiscard]] Status lock_within(int fd, Lock lock, std::chrono::milliseconds patience, const std::string& name);

}  // namespace hardened
