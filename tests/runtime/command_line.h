// A command line as a test writes it: words separated by one space, without the program's name.
#pragma once

#include <string>
#include <vector>

#include "runtime/invocation.h"
#include "util/text.h"

namespace hardened::testing {

struct CommandLine {
  explicit CommandLine(const std::string& line) : words(split("hardened-runtime " + line, ' ')) {
    for (const std::string& word : words) argv.push_back(word.c_str());
    invocation = runtime::parse(argv);
  }
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  std::vector<std::string> words;
  std::vector<const char*> argv;
  runtime::Invocation invocation;
};

}  // namespace hardened::testing
