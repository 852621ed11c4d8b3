// The BPF programs in the kernel: loaded once, pinned in a BPF file system of our own, so that they work without any
// process of ours; unpinned when nothing is recorded any more.
#pragma once

#include <cstdint>
#include <string>

#include "util/result.h"

namespace hardened::record {

// Mounts a BPF file system at `directory` where there is none, and loads, attaches and pins the programs unless they
// are there. One caller at a time. Errors: Code::policy when the kernel has no BTF or refuses the programs; Code::io.
[[nodiscard]] Status load_programs(const std::string& directory);

// Are all of them there?
[[nodiscard]] bool are_loaded(const std::string& directory);

// How many events they missed since they were loaded, of all containers and of none: the kernel calls no program while
// it runs already on that processor. 0 where they are not loaded.
[[nodiscard]] std::uint64_t missed_events(const std::string& directory);

// Ends them. The file system stays mounted: another mount namespace may hold it.
void unload_programs(const std::string& directory);

// Where the map `name` of record.bpf.c is pinned.
[[nodiscard]] std::string map_path(const std::string& directory, const std::string& name);

// Does this kernel tell of capability checks (Linux 6.14)?
[[nodiscard]] bool sees_capabilities(const std::string& directory);

}  // namespace hardened::record
