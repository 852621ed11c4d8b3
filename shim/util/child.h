// Running another program and hearing what it says.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace hardened {

struct ChildLimits {
  std::chrono::milliseconds patience;
  std::size_t output;   // bytes
  bool errors = false;  // its standard error is heard as well
};

struct ChildEnd {
  std::string output;  // what it wrote to its standard output; empty when that did not end in time or could not be read
  std::optional<int> status;  // its exit status; nothing then, and when a signal ended it, ours included
};

// Runs the program at the absolute `path` with `arguments` (without argv[0]) and `input` as its standard input (-1:
// /dev/null); no shell, no other descriptor, and of the environment only a PATH, which is not the caller's. It does not
// outlive this call: what has not ended in time, or says too much, is killed. Errors (Code::io): it cannot be started.
[[nodiscard]] Result<ChildEnd> run_child(const std::string& path, const std::vector<std::string>& arguments, int input,
                                         const ChildLimits& limits);

// Waits for the child `pid` and kills it when its time is up. Its exit status; nothing when a signal ended it.
std::optional<int> await_child(pid_t pid, std::chrono::milliseconds patience);

}  // namespace hardened
