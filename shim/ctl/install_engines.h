// hardenctl install and uninstall for Podman, containerd and CRI-O.
#pragma once

#include "ctl/command.h"

namespace hardened::ctl {

enum class EngineVerb { install, uninstall };

// Adds a subcommand for each of these engines below `group`.
void add_engines(CLI::App& group, EngineVerb verb, Action& action);

}  // namespace hardened::ctl
