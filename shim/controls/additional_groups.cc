// Fields: /process/user/additionalGids, gid. Allowed: no root group for other users, no privileged group of the host.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D01"}, {"OWASP Docker Cheat Sheet", "RULE #2"}};
constexpr std::string_view owns[] = {"/process/user/additionalGids"};

struct User {
  std::int64_t uid = 0;
  std::int64_t gid = 0;
  bool replaced = false;  // by non-root-user: the groups are still those of the root it was
};

User user_of(const Spec& spec, const Profile& profile) {
  const std::int64_t uid = spec.integer("/process/user/uid").value_or(0);
  const std::int64_t gid = spec.integer("/process/user/gid").value_or(0);
  return {uid, gid,
          profile.root_user != policy::RootUser::allow && uid == profile.run_as_uid && gid == profile.run_as_gid};
}

// Why `gid` is more than the process may carry; nothing when it is not.
std::optional<std::string> objection(std::int64_t gid, const User& user, const Profile& profile, const Facts& facts) {
  // The engine repeats the primary group here. It comes with the image's own user and may meet the number of a host
  // group by chance: see judge_primary().
  if (gid == user.gid) return std::nullopt;
  if (gid == 0) {
    if (user.uid == 0) return std::nullopt;
    return "the group root (0)";
  }
  for (const auto& [name, host_gid] : facts.groups) {
    const bool allowed = std::find(profile.groups.begin(), profile.groups.end(), name) != profile.groups.end();
    if (gid == host_gid && !allowed) return fmt::format("the group {} ({}) of the host", name, gid);
  }
  return std::nullopt;
}

void judge(Verdict& verdict, std::int64_t gid, std::string pointer, const User& user, const std::string& reason) {
  // Images put root into groups of their own (Alpine's root is in disk and tape): nobody asked for those.
  if (user.uid == 0 || user.replaced) {
    verdict.tighten(std::move(pointer), std::nullopt, reason + " would open the host's files to the process");
  } else {
    verdict.excess(std::move(pointer), std::nullopt, reason + " beside the user's own", std::to_string(gid),
                   gid == 0 ? "" : "to allow it, add its name to \"groups\" of the profile");
  }
}

// The primary group comes with the image's own user and may meet the number of a host group by chance (redis, postgres:
// 999, often docker's). Numbers below 100 are given out by distributions, to the host's disk and shadow alike, and no
// image runs a service as one of those.
void judge_primary(Verdict& verdict, const User& user, const Profile& profile, const Facts& facts) {
  constexpr std::int64_t first_dynamic = 100;
  if (user.gid <= 0 || user.gid >= first_dynamic) return;
  for (const auto& [name, gid] : facts.groups) {
    const bool allowed = std::find(profile.groups.begin(), profile.groups.end(), name) != profile.groups.end();
    if (user.gid == gid && !allowed)
      verdict.refuse("/process/user/gid", fmt::format("the group {} ({}) of the host", name, gid), std::to_string(gid),
                     "to allow it, add its name to \"groups\" of the profile");
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const User user = user_of(spec, policy.profile);
  const Json& gids = spec.elements(owns[0]);
  for (std::size_t i = gids.size(); i-- > 0;) {
    const std::string pointer = fmt::format("{}/{}", owns[0], i);
    const std::int64_t gid = spec.integer(pointer).value_or(-1);
    if (gid < 0 || gid >= std::numeric_limits<std::uint32_t>::max()) {
      verdict.refuse(pointer, fmt::format("{} is no group id", gid), std::to_string(gid),
                     "choose one from 0 to 4294967294");
    } else if (const auto reason = objection(gid, user, policy.profile, facts)) {
      judge(verdict, gid, pointer, user, *reason);
    }
  }
  judge_primary(verdict, user, policy.profile, facts);
  return verdict;
}

}  // namespace

const Control additional_groups = {
    .id = "additional-groups",
    .title = "Processes carry no privileged group of the host",
    .rationale = "Group ids mean the same on the host: disk, docker, shadow or kvm open its files through any mount.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
