// From evidence to a profile.
#pragma once

#include <string>

#include "generate/draft.h"
#include "generate/evidence.h"
#include "policy/known.h"
#include "policy/policy.h"

namespace hardened::generate {

struct Wishes {
  std::string name = "trained";
  bool siblings = false;  // also the calls of sibling_families()
  std::string version;    // of this program, for the header
};

// A profile that extends `base` and allows exactly what `evidence` shows, what no program runs without, and the
// siblings wished for. The date in its header is that of the newest run, so that one input has one output.
[[nodiscard]] Draft propose(const Evidence& evidence, const Profile& base, const policy::Known& known,
                            const Wishes& wishes);

}  // namespace hardened::generate
