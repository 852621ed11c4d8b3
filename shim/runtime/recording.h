// Training mode's part of a create.
#pragma once

#include "host/probe.h"
#include "oci/spec.h"
#include "state/grant.h"
#include "util/result.h"

namespace hardened::runtime {

// Whether a container of `profile` is recorded, `verb` asks for it in a way that allows it: "run" leaves no moment
// between create and start. Errors: Code::usage.
[[nodiscard]] Status check_recordable(const Profile& profile, const std::string& verb);

// Has the recorder load its BPF programs, if they are not there, and expect the container of `grant` with `spec`. To be
// called in the mount namespace that start and delete will be called in. Errors: Code::policy with why this machine
// cannot record.
[[nodiscard]] Status expect_recording(const state::Grant& grant, const Spec& spec, const host::Probe& probe);

}  // namespace hardened::runtime
