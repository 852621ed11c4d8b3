// Training mode's part of a create.
#pragma once

#include "host/probe.h"
#include "oci/spec.h"
#include "runtime/story.h"
#include "state/grant.h"
#include "util/result.h"

namespace hardened::runtime {

// A container of `profile` cannot be recorded when it is made by "run", which leaves no moment between create and
// start. And whoever called the program as hardened-train must not believe a container recorded that is not, because
// the policy has another profile for its image. Errors: Code::usage; Code::policy.
[[nodiscard]] Status check_recordable(const Profile& profile, const Call& call);

// Has the recorder load its BPF programs, if they are not there, and expect the container of `grant` with `spec`. To be
// called in the mount namespace that start and delete will be called in. Errors: Code::policy with why this machine
// cannot record.
[[nodiscard]] Status expect_recording(const state::Grant& grant, const Spec& spec, const host::Probe& probe);

}  // namespace hardened::runtime
