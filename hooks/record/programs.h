// The BPF programs in the kernel, pinned in a BPF file system of our own, so that they work without any process of
// ours. Loaded by the first recording and kept, for that costs 40 ms; attached only while something is
// recorded.
#pragma once

#include <cstdint>
#include <string>

#include "util/result.h"

namespace hardened::record {

// Mounts a BPF file system at `directory` where there is none, loads the programs unless those of this build are there,
// and attaches them unless they are. One caller at a time. Errors: Code::policy when the kernel has no BTF or refuses
// the programs; Code::io.
[[nodiscard]] Status attach_programs(const std::string& directory);

// Are all of them at work?
[[nodiscard]] bool are_attached(const std::string& directory);

// How many events they missed since they were loaded, of all containers and of none: the kernel calls no program while
// it runs already on that processor. 0 where they are not attached.
[[nodiscard]] std::uint64_t missed_events(const std::string& directory);

// Has them do nothing any more; they and their maps stay.
void detach_programs(const std::string& directory);

// Where the map `name` of record.bpf.c is pinned.
[[nodiscard]] std::string map_path(const std::string& directory, const std::string& name);

// Do they see capability checks (Linux 6.14)?
[[nodiscard]] bool sees_capabilities(const std::string& directory);

}  // namespace hardened::record
