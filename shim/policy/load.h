// From files to the policy in force.
#pragma once

#include <string>
#include <string_view>

#include "oci/workload.h"
#include "policy/known.h"
#include "policy/policy.h"
#include "util/paths.h"
#include "util/result.h"

namespace hardened::policy {

// Where the files are; tests give their own.
struct Locations {
  std::string policy_file = paths::policy_file;
  std::string site_profiles = paths::site_profiles;
};

// The policy for `workload` when reached by the program name `program` (basename of argv[0]: "hardened-runtime",
// "hardened-compat"), on the day `today` (ISO date, UTC). A missing policy file means the built-in default (profile
// `strict`, or the program's own); a file that is broken, untrusted (owner, mode, symbolic link) or names what does not
// exist is an error: "FILE:LINE: cannot … (did you mean …?)", with Error::hint how to mend it. So is a waiver without a
// reason, or one past its date for the containers it names. An annotation that asks for a profile the policy does not
// allow it is Code::refused.
[[nodiscard]] Result<Policy> load(const Workload& workload, std::string_view program, const std::string& today,
                                  const Known& known, const Locations& locations = {});

// The shipped profile `name` ("strict", "compat") as built in, whatever is on the disk.
[[nodiscard]] Result<Profile> built_in(const std::string& name, const Known& known);

// The profile described by a merged profile document (Profile::document), as kept in a grant. Names are not checked
// again: the kernel may have been changed since, the grant has not.
[[nodiscard]] Result<Profile> decode_profile(const Json& document);

}  // namespace hardened::policy
