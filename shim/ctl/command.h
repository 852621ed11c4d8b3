// hardenctl's subcommands: one file each, one row each in main.cc.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "util/result.h"

namespace hardened::ctl {

// What the program ends with; scripts rely on it.
enum Exit : int {
  fine = 0,
  flawed = 1,  // it did its work and found something wrong
  unable = 2,  // it could not do its work, or the command line is wrong
};

// Set by the subcommand that was chosen; returns an Exit.
using Action = std::function<Result<int>()>;

// Each adds its subcommand below `app`.
void add_controls(CLI::App& app, Action& action);
void add_policy(CLI::App& app, Action& action);
void add_profile(CLI::App& app, Action& action);
void add_audit(CLI::App& app, Action& action);
void add_doctor(CLI::App& app, Action& action);
void add_explain(CLI::App& app, Action& action);
void add_install(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);

// Adds the subcommand `name` with its `examples`, a line each, below `parent`.
inline CLI::App& add(CLI::App& parent, const char* name, const char* description, const char* examples) {
  CLI::App* command = parent.add_subcommand(name, description);
  command->footer(std::string("Examples:\n") + examples);
  return *command;
}

}  // namespace hardened::ctl
