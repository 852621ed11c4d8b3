// A process that is not mistaken for a later one with the same number.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace hardened::state {

struct Process {
  pid_t pid = 0;
  std::uint64_t start_time = 0;  // clock ticks after boot: /proc/PID/stat field 22 (proc(5)); survives execve
  bool operator==(const Process&) const = default;
};

[[nodiscard]] Result<Process> this_process();
// The one that has the number `pid` now. Errors: Code::io; there is none.
[[nodiscard]] Result<Process> process_of(pid_t pid);

// "PID:START", and back; nothing where `text` is not of that form.
[[nodiscard]] std::string format_process(const Process& process);
[[nodiscard]] std::optional<Process> parse_process(std::string_view text);

// False only when it is certain that `process` has ended: a zombie has, and so has one whose number was given to
// another. A zombie whose other threads go on has not: its first thread called exit(2), as any program may.
[[nodiscard]] bool may_be_alive(const Process& process);

}  // namespace hardened::state
