// Running another program and reading what it says: by absolute path, without a shell, with an empty environment.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "util/result.h"

namespace hardened {

struct CommandOptions {
  int input = -1;                    // its standard input (borrowed); -1: /dev/null
  bool errors = false;               // read its standard error as well; otherwise it is thrown away
  std::size_t limit = 4096;          // bytes; a program that says more is killed
  std::chrono::seconds patience{5};  // one that takes longer is killed
};

struct CommandOutput {
  std::string text;
  int status = 0;  // its exit status; 128 + the signal that ended it
};

// Runs `argv`, argv[0] being the program, and waits for its end; nothing else of ours is inherited. Code::io when it
// cannot be started, or had to be killed.
[[nodiscard]] Result<CommandOutput> run_command(std::vector<std::string> argv, const CommandOptions& options = {});

}  // namespace hardened
