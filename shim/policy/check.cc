#include "policy/check.h"

#include "policy/extend.h"
#include "policy/select.h"
#include "policy/sources.h"

namespace hardened::policy {
namespace {

void check_policy(CheckReport& report, const std::string& today, const Context& context, const Locations& locations) {
  const auto document = read_policy(locations.policy_file);
  if (!document) return report.problems.push_back(document.error());
  report.policy_exists = document->has_value();
  if (!report.policy_exists) return;
  const auto rules = decode_policy(**document, context);
  if (!rules) return report.problems.push_back(rules.error());
  for (std::size_t i = 0; i < rules->waivers.size(); ++i) {
    const Status current = is_current(*rules, **document, i, today);
    if (!current) report.problems.push_back(current.error());
  }
}

void check_profiles(CheckReport& report, const Profiles& profiles, const Context& context) {
  const ProfileSource source{.read = [&profiles](const std::string& name) { return profiles.read(name); },
                             .is_shipped = Profiles::is_shipped};
  for (const std::string& name : profiles.names()) {
    const auto profile = resolve(name, source, context);
    if (profile) {
      report.profiles.push_back(name);
    } else {
      report.problems.push_back(profile.error());
    }
  }
}

}  // namespace

CheckReport check(const std::string& today, const Known& known, const Locations& locations) {
  CheckReport report;
  const auto profiles = Profiles::open(locations.site_profiles);
  if (!profiles) {
    report.problems.push_back(profiles.error());
    return report;
  }
  const Context context{.known = &known, .profiles = profiles->names(), .waivers = {}};
  check_policy(report, today, context, locations);
  check_profiles(report, *profiles, context);
  return report;
}

}  // namespace hardened::policy
