// The runtime handlers of engines that read TOML: Podman, CRI-O and containerd's CRI plugin. Texts only; nothing is
// read or written here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "util/result.h"

namespace hardened::ctl {

// A runtime as the engine names it, and the program it stands for.
struct Handler {
  std::string name;
  std::string path;
};

// A file of ours among the engine's drop-ins. `handlers`, the first of them the engine's default when `as_default`.
[[nodiscard]] std::string podman_drop_in(const std::vector<Handler>& handlers, bool as_default);
[[nodiscard]] std::string crio_drop_in(const std::vector<Handler>& handlers, bool as_default);

// Was `text` written by one of the two above?
[[nodiscard]] bool is_our_drop_in(const std::string& text);

// containerd's config.toml (nothing: there is no file) with `handlers`, the first of them "default_runtime_name" when
// `as_default` or when it is that already. All else stays as it is, byte by byte: ours stands between marks, and a line
// that gives way is kept there as a comment. An import of its own would take the place of the CRI plugin's whole
// section in containerd 1.6 and 1.7. `systemd_cgroup`: as the present default runtime has it. `name` is used in errors
// only: Code::syntax for a version of the format other than 2 and 3, and for marks that do not match.
[[nodiscard]] Result<std::string> with_handlers(const std::optional<std::string>& text, const std::string& name,
                                                const std::vector<Handler>& handlers, bool as_default,
                                                bool systemd_cgroup);

// config.toml without what stands between our marks, and with the lines that gave way.
[[nodiscard]] Result<std::string> without_handlers(const std::string& text, const std::string& name);

// What `containerd config dump` prints: the default runtime, and whether its cgroups are systemd's.
struct DumpedDefault {
  std::string runtime;
  bool systemd_cgroup = false;
};
[[nodiscard]] DumpedDefault dumped_default(const std::string& dump);

// Is there a handler `name`?
[[nodiscard]] bool dumped_handler(const std::string& dump, const std::string& name);

// The program of the handler `name` there; empty when it has none.
[[nodiscard]] std::string dumped_program(const std::string& dump, const std::string& name);

}  // namespace hardened::ctl
