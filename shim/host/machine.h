// The facts that are the same for every container on this machine.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/facts.h"
#include "util/result.h"

namespace hardened::host {

// Fills in kernel, architecture, cgroups, security modules, memory, processors and groups. What is not there, or what
// one who is not root may not read, keeps its value. Errors: Code::io; something could not be told.
[[nodiscard]] Status read_machine(Facts& facts);

// The privileged groups in the text of an /etc/group, by name. Parsed here rather than by NSS, which would load code
// named in a configuration file, and which a static program does not have.
[[nodiscard]] std::map<std::string, gid_t> privileged_groups(std::string_view text);

// The profiles that confine, from securityfs's apparmor/profiles ("docker-default (enforce)"); those in mode
// "unconfined" are names only.
[[nodiscard]] std::vector<std::string> confining_profiles(std::string_view text);

}  // namespace hardened::host
