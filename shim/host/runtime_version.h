// Which low-level runtime, and which version of it: what a filter must allow depends on it.
#pragma once

#include <string>
#include <string_view>

#include "host/facts.h"
#include "util/result.h"

namespace hardened::host {

// What the program at the absolute `path` prints for `--version`: at most 4,096 bytes, without shell, environment or
// standard input; empty when it ends well and says nothing. Errors (Code::io): it cannot be started, was killed, has
// not ended after 10 s, or failed and said nothing.
[[nodiscard]] Result<std::string> ask_version(const std::string& path);

// Kind and version of the runtime at the absolute `path`, from what it answers to `ask_version`. The answer is kept in
// `STATE/runtimes`, by path, device, inode, size and time of change of the file, so that it costs a create one stat and
// one read. RuntimeKind::other when it says something else. Errors: Code::io; it cannot be asked.
[[nodiscard]] Result<RuntimeFact> runtime_version(const std::string& path, const std::string& state);

// The same from what --version printed: "runc version 1.1.5+ds1", "crun version 1.8.1".
[[nodiscard]] RuntimeFact parse_version(std::string_view output);

// "runc 1.1.5".
[[nodiscard]] std::string version_text(const RuntimeFact& runtime);

}  // namespace hardened::host
