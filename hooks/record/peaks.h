// The most a container used at a time, as its cgroup counted it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "util/result.h"

namespace hardened::record {

struct Peaks {
  std::optional<std::uint64_t> memory;  // bytes
  std::optional<std::uint64_t> pids;
  std::optional<std::uint64_t> cpu_ms;
  bool operator==(const Peaks&) const = default;
};

// The cgroup directories in /proc/PID/cgroup, as given in `text`, below `top`: by controller, version 2's as "".
[[nodiscard]] std::map<std::string, std::string> cgroup_directories(const std::string& text, const std::string& top);

// The same for the process `pid`. Errors: Code::io.
[[nodiscard]] Result<std::map<std::string, std::string>> cgroups_of(pid_t pid);

// What those directories tell: what a kernel does not count stays empty.
[[nodiscard]] Peaks read_peaks(const std::map<std::string, std::string>& directories);

}  // namespace hardened::record
