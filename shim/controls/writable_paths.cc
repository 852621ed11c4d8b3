// Fields: /mounts/-. Adds a tmpfs at /tmp, /var/tmp, /run and the profile's own paths where the root is read-only,
// unless a mount of the spec already decides about the place.
#include "controls/writable_paths.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "controls/controls.h"
#include "controls/mounts.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Cheat Sheet", "RULE #8"}, {"OWASP Docker Top 10", "D09"}};
constexpr std::string_view owns[] = {"/mounts/-"};

struct Place {
  std::uint64_t size = 0;  // bytes; 0: the profile's default
  bool shared = false;     // everybody may write, as in /tmp
};
using Places = std::map<std::string, Place, std::less<>>;  // in order, so that parents come before what is below them

Places places_of(const Profile& profile) {
  Places places{{"/tmp", {0, true}}, {"/var/tmp", {0, true}}, {"/run", {}}};
  for (const policy::Writable& writable : profile.writable) places[writable.path].size = writable.size;
  return places;
}

// A tmpfs belongs to root, whoever the process is: without an owner an image that runs as another user could not write
// its own /run.
Json options_of(const Place& place, const Spec& spec, const policy::Limit<std::uint64_t>& limit) {
  const std::uint64_t fallback = limit.fallback != 0 ? limit.fallback : policy::Writable{}.size;
  const std::uint64_t wanted = place.size != 0 ? place.size : fallback;
  const std::uint64_t size = limit.max != 0 ? std::min(wanted, limit.max) : wanted;
  Json options = {"nosuid", "nodev", "noexec", fmt::format("size={}", size), place.shared ? "mode=1777" : "mode=755"};
  if (place.shared) return options;
  for (const std::string_view id : {"uid", "gid"}) {
    const std::int64_t value = spec.integer(fmt::format("/process/user/{}", id)).value_or(0);
    if (value > 0) options.push_back(fmt::format("{}={}", id, value));
  }
  return options;
}

// Does a mount at `path` or above it already say what is to be there: somebody's volume, or a tmpfs?
bool is_covered(const std::string& path, const std::vector<MountView>& mounts) {
  return std::any_of(mounts.begin(), mounts.end(), [&path](const MountView& mount) {
    return !mount.destination.empty() && is_within(path, mount.destination);
  });
}

// Where `path` lies in the image; nothing where that is the runtime's own or cannot be told.
std::optional<std::string> place_in_image(const std::string& path, const Facts& facts) {
  const auto found = facts.destinations.find(path);
  if (found == facts.destinations.end()) return path;
  const std::string& place = found->second.path;
  constexpr std::string_view of_the_runtime[] = {"/dev", "/proc", "/sys"};
  const bool taken = place.empty() || place == "/" ||
                     std::any_of(std::begin(of_the_runtime), std::end(of_the_runtime),
                                 [&place](std::string_view top) { return is_within(place, top); });
  return taken ? std::nullopt : std::optional(place);
}

// At the very front: whatever the spec mounts below these places (a secret in /run/secrets, a socket in /var/run, which
// many images link to /run) then lands on top of them.
Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  if (policy.profile.rootfs != policy::Rootfs::read_only) return verdict;
  const std::vector<MountView> mounts = mounts_of(spec);
  std::size_t index = 0;
  std::set<std::string> made;  // an image may have /var/tmp lead to /tmp
  for (const auto& [path, place] : places_of(policy.profile)) {
    const std::optional<std::string> at = place_in_image(path, facts);
    if (!at || is_covered(*at, mounts) || !made.insert(*at).second) continue;
    const Json mount = {{"destination", *at},
                        {"type", "tmpfs"},
                        {"source", "tmpfs"},
                        {"options", options_of(place, spec, policy.profile.limits.tmpfs)}};
    verdict.insert(mounts.empty() ? "/mounts/-" : fmt::format("/mounts/{}", index++), mount,
                   "programs need a place to write where the root file system is read-only");
  }
  return verdict;
}

}  // namespace

std::vector<std::string> writable_places(const Profile& profile) {
  std::vector<std::string> paths;
  for (const auto& [path, place] : places_of(profile)) paths.push_back(path);
  return paths;
}

const Control writable_paths = {
    .id = "writable-paths",
    .title = "Temporary directories are small, private and without programs",
    .rationale =
        "Without a place to write, people turn the read-only root off; with a big executable one, malware lives there.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
