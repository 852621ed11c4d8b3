// Fields: /process/user/uid, gid. Allowed: as the profile's root_user says; on exec, not root where the container is
// not.
#include <fmt/format.h>

#include <limits>
#include <optional>

#include "controls/controls.h"
#include "controls/granted.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D01"},
                                    {"OWASP Docker Cheat Sheet", "RULE #2"},
                                    {"CIS Docker 1.6.0", "4.1"},
                                    {"Pod Security Standards", "restricted runAsNonRoot"}};
constexpr std::string_view owns[] = {"/process/user/uid", "/process/user/gid"};

constexpr std::string_view pointers[] = {"/process/user/uid", "/process/user/gid"};

struct User {
  std::int64_t uid = 0;
  std::int64_t gid = 0;
};

std::optional<User> granted_user(const Facts& facts) {
  const Spec grant = granted(facts);
  if (grant.find("/process") == nullptr) return std::nullopt;
  return User{grant.integer(pointers[0]).value_or(0), grant.integer(pointers[1]).value_or(0)};
}

// setresuid(2) takes 4294967295 for "leave as it is": a runtime that passes it on would stay root.
void refuse_impossible(Verdict& verdict, const Spec& spec) {
  constexpr std::int64_t last = std::numeric_limits<std::uint32_t>::max() - 1;
  for (const std::string_view pointer : pointers) {
    const std::int64_t id = spec.integer(pointer).value_or(0);
    if (id < 0 || id > last)
      verdict.refuse(std::string(pointer), fmt::format("{} is no user or group id", id), std::to_string(id),
                     fmt::format("choose one from 0 to {}", last));
  }
}

void replace(Verdict& verdict, const Spec& spec, const User& user, bool on_exec, const Profile& profile) {
  const std::int64_t ids[] = {user.uid, user.gid};
  for (std::size_t i = 0; i < std::size(ids); ++i) {
    const std::string pointer(pointers[i]);
    if (spec.integer(pointer).value_or(0) == ids[i]) continue;
    // An exec that names no user looks like one that asks for root: the engine takes both from the image.
    if (profile.root_user == policy::RootUser::run_as) {
      verdict.tighten(pointer, ids[i], fmt::format("profile {} runs root as another user", in_quotes(profile.name)));
    } else if (on_exec) {
      verdict.excess(pointer, ids[i], fmt::format("user root in a container that runs as user {}", user.uid), "0");
    } else {
      verdict.excess(pointer, ids[i],
                     fmt::format("user root, which profile {} does not allow", in_quotes(profile.name)), "0",
                     "run the image as another user (--user), or set \"root_user\" in the profile");
    }
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  refuse_impossible(verdict, spec);
  if (spec.integer(pointers[0]).value_or(0) != 0) return verdict;
  const Profile& profile = policy.profile;
  const std::optional<User> grant = granted_user(facts);
  if (grant ? grant->uid == 0 : profile.root_user == policy::RootUser::allow) return verdict;
  replace(verdict, spec, grant.value_or(User{profile.run_as_uid, profile.run_as_gid}), grant.has_value(), profile);
  return verdict;
}

}  // namespace

const Control non_root_user = {
    .id = "non-root-user",
    .title = "Processes do not run as root where the profile says so",
    .rationale = "Root in a container that shares the host's user namespace is root on the host after any escape.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
