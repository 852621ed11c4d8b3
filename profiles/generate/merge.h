// New evidence into a profile that is there already.
#pragma once

#include <string>
#include <vector>

#include "generate/draft.h"
#include "generate/evidence.h"
#include "policy/document.h"
#include "policy/known.h"
#include "policy/policy.h"

namespace hardened::generate {

struct Merged {
  Draft draft;
  std::vector<std::string> changes;  // a sentence each; empty: the profile has all that was seen
  std::vector<std::string> denied;   // the same of what the container did, and no merging can allow
  std::vector<std::string> untold;   // the same of what it may have done: the runs do not tell
};

// `base`, which stands for `profile` with all it extends, widened by what `evidence` shows and it does not allow.
// Nothing is taken away. The comment at the top of `base` is kept, those inside are not.
[[nodiscard]] Merged merge(const policy::Document& base, const Profile& profile, const Evidence& evidence,
                           const policy::Known& known);

}  // namespace hardened::generate
