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

// Has the recorder keep a place for the container of `grant` with `spec`, and where it will read the kernel's audit
// records, has the filter in `spec` log each call that it allows. To be called in the mount namespace that start and
// delete will be called in. Errors: Code::policy with why this machine cannot record.
[[nodiscard]] Status expect_recording(const state::Grant& grant, Spec& spec, const host::Probe& probe,
                                      const policy::Recorder& recorder);

// exec: marks this process, and so all that comes of it, for audit records to tell it from the container's own
// processes. The mark is a login id (loginuid, CAP_AUDIT_CONTROL), which nothing but audit reads; where the kernel
// refuses it, the calls of the exec count as the container's own.
void mark_as_entered();

}  // namespace hardened::runtime
