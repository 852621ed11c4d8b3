#include "policy/load.h"

#include "policy/extend.h"
#include "policy/select.h"
#include "policy/sources.h"
#include "util/hash.h"
#include "util/version.h"

namespace hardened::policy {
namespace {

std::string digest_of(const Document& document, const Profile& profile) {
  // The lengths keep text from wandering between the parts.
  const std::string merged = profile.document.dump();
  return sha256_hex(std::string(version) + "\n" + std::to_string(document.text.size()) + "\n" + document.text + merged);
}

}  // namespace

Result<Profile> built_in(const std::string& name, const Known& known) {
  const Profiles shipped = Profiles::shipped();
  const Context context{.known = &known, .profiles = shipped.names(), .waivers = {}};
  const ProfileSource source{.read = [&shipped](const std::string& wanted) { return shipped.read(wanted); },
                             .is_shipped = Profiles::is_shipped};
  return resolve(name, source, context);
}

Result<Policy> load(const Workload& workload, std::string_view program, const std::string& today, const Known& known,
                    const Locations& locations) {
  TRY(profiles, Profiles::open(locations.site_profiles));
  Context context{.known = &known, .profiles = profiles.names(), .waivers = {}};
  TRY(document, read_policy(locations.policy_file));
  if (!document) document = Document{locations.policy_file, {}, {{"version", 1}}};

  TRY(rules, decode_policy(*document, context));
  TRY(name, select_profile(rules, *document, workload, program, profiles.names()));
  Policy policy = std::move(rules.policy);
  TRY(waivers, waivers_for(rules, *document, workload, today));
  policy.waivers = std::move(waivers);
  context.waivers = policy.waivers;

  const ProfileSource source{.read = [&profiles](const std::string& wanted) { return profiles.read(wanted); },
                             .is_shipped = Profiles::is_shipped};
  TRY(profile, resolve(name, source, context));
  policy.profile = std::move(profile);
  policy.digest = digest_of(*document, policy.profile);
  return policy;
}

}  // namespace hardened::policy
