// hardenctl profile: what its subcommands share.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ctl/command.h"
#include "generate/draft.h"
#include "policy/document.h"
#include "policy/load.h"

namespace hardened::ctl {

struct LoadedProfile {
  std::string origin;         // "shipped", "site" or "file"
  policy::Document document;  // as written
  Profile profile;            // with all it extends
};

// The profile `what`: a file where it has a '/' or ends in ".json", else the name of one that is shipped or the site's.
// Errors: as policy::load's; an unknown name has its "did you mean".
[[nodiscard]] Result<LoadedProfile> load_profile(const std::string& what, const policy::Locations& locations);

// `text`, called `file` in errors, as a profile of its own name: would the runtime take it? With `any_capability` also
// what only a waiver can grant. Errors: as policy::load's.
[[nodiscard]] Result<LoadedProfile> read_profile(const std::string& file, std::string text,
                                                 const policy::Locations& locations, bool any_capability = false);

// The text of a file a person named: a regular one of at most `most` bytes. Errors: Code::io.
[[nodiscard]] Result<std::string> read_named_file(const std::string& path, std::size_t most);

// Replaces or makes `path` at once, with `mode`; root's (or ours). Errors: Code::usage where it exists and not `force`,
// Code::io.
[[nodiscard]] Status write_at_once(const std::string& path, std::string_view text, mode_t mode, bool force);

// The profile that a command is about.
void add_profile_argument(CLI::App& command, std::string& what);
// --profiles and --json.
void add_profile_options(CLI::App& command, policy::Locations& locations, bool& json);

// The subcommands, a file each.
void add_profile_generate(CLI::App& group, Action& action);
void add_profile_merge(CLI::App& group, Action& action);
void add_profile_show(CLI::App& group, Action& action);
void add_profile_install(CLI::App& group, Action& action);
void add_profile_diff(CLI::App& group, Action& action);
void add_profile_lint(CLI::App& group, Action& action);
void add_profile_verify(CLI::App& group, Action& action);

}  // namespace hardened::ctl
