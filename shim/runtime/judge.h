// The part of a create that decides: what explain shows is what create does, because it is this.
#pragma once

#include <optional>
#include <string>

#include "host/probe.h"
#include "oci/bundle.h"
#include "policy/load.h"
#include "rootfs/prepare.h"
#include "runtime/story.h"
#include "runtime/users.h"

namespace hardened::runtime {

// On what terms it is judged; the defaults are a create's.
struct Terms {
  policy::Locations locations;
  std::optional<Profile> profile;  // instead of the one that the policy selects
  Ids ids = Ids::claimed;
};

struct Judged {
  Policy policy;
  host::Probe probe;
  std::string runtime;  // that would run it
  std::optional<rootfs::OwnUsers> users;
  controls::Judgement judgement;  // a refusal may be among its decisions
};

// Judges the spec of `bundle`, which is taken out of it, for the container and program of `call`. `account` learns
// whose it is as soon as that is known. Nothing is mounted, stored or logged; but for Ids::claimed, which takes host
// ids. Errors: all that can end a create before a control has spoken.
[[nodiscard]] Result<Judged> judge(const Call& call, oci::Bundle& bundle, const Terms& terms, Account& account);

}  // namespace hardened::runtime
