// Fields: /mounts/*/destination. Allowed: any, by the name it has once the image's symbolic links are followed.
#include <fmt/format.h>

#include "controls/controls.h"
#include "controls/mounts.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"CVE", "2019-19921"}, {"CVE", "2021-30465"}, {"CVE", "2025-31133"}};
constexpr std::string_view owns[] = {"/mounts/*/destination"};

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) {
    const auto found = facts.destinations.find(mount.spelled);
    if (found == facts.destinations.end()) continue;
    const host::Destination& destination = found->second;
    if (!destination.problem.empty()) {
      verdict.refuse(mount.pointer(),
                     fmt::format("it cannot be told where {} lies in the container: {}", in_quotes(mount.spelled),
                                 destination.problem),
                     mount.spelled);
    } else if (destination.path != mount.destination) {
      verdict.tighten(mount.pointer() + "/destination", destination.path,
                      "the image's symbolic links lead there, and every other rule must see it");
    }
  }
  return verdict;
}

}  // namespace

const Control mount_destinations = {
    .id = "mount-destinations",
    .title = "Mounts lie where their destination says, whatever links the image holds",
    .rationale =
        "An image with a link to /dev or /proc puts a volume where the runtime keeps its own files, and redirects what "
        "the runtime writes there.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
