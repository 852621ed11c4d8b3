// Docker's daemon.json: our runtimes put in and taken out again, as text; nothing is read or written here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace hardened::ctl {

// A runtime as daemon.json names it, and the program it stands for.
struct DockerRuntime {
  std::string name;
  std::string path;
};

// `text` (nothing: there is no file) with `runtimes` registered, the first of them also as "default-runtime" when
// `as_default`. Every other member, their order and the indentation stay; `text` itself comes back when nothing is to
// be done. `name` is used in errors only: what dockerd could not read or would read differently (duplicate members,
// other types, "Runtimes" for "runtimes"), or a runtime of one of the names that is not ours.
[[nodiscard]] Result<std::string> with_runtimes(const std::optional<std::string>& text, const std::string& name,
                                                const std::vector<DockerRuntime>& runtimes, bool as_default);

// `text` without `runtimes`; a "default-runtime" that is one of them becomes `old_default`, or goes.
[[nodiscard]] Result<std::string> without_runtimes(const std::string& text, const std::string& name,
                                                   const std::vector<DockerRuntime>& runtimes,
                                                   const std::optional<std::string>& old_default);

// What "default-runtime" says.
[[nodiscard]] Result<std::optional<std::string>> default_runtime(const std::optional<std::string>& text,
                                                                 const std::string& name);

// The runtimes that harden (not the one that trains), by their names there, sorted.
[[nodiscard]] Result<std::vector<std::string>> registered_runtimes(const std::optional<std::string>& text,
                                                                   const std::string& name);

}  // namespace hardened::ctl
