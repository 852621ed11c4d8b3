// Fields: /linux/maskedPaths, /linux/readonlyPaths. Allowed: any, as long as ours are among them.
#include "controls/masked_paths.h"

#include <fmt/format.h>

#include "controls/controls.h"
#include "oci/strict_json.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D01"}, {"Pod Security Standards", "procMount"}};
constexpr std::string_view owns[] = {"/linux/maskedPaths", "/linux/readonlyPaths"};

void add(Verdict& verdict, std::string_view list, std::string_view path, const std::string& why) {
  verdict.tighten(fmt::format("{}/{}", list, oci::escaped_token(path)), std::string(path), why);
}

// A list that is absent (--privileged, systempaths=unconfined) is filled like one that is short.
Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  const std::string leak = "tells about the host or its kernel";
  for (const std::string_view path : must_be_masked) add(verdict, "/linux/maskedPaths", path, leak);
  // Counters that let a container watch what the others do; moby masks them for every processor as well.
  for (unsigned cpu = 0; cpu < facts.cpus; ++cpu)
    add(verdict, "/linux/maskedPaths", fmt::format("/sys/devices/system/cpu/cpu{}/thermal_throttle", cpu), leak);
  for (const std::string_view path : must_be_read_only)
    add(verdict, "/linux/readonlyPaths", path, "changes the kernel of the host");
  return verdict;
}

}  // namespace

const Control masked_paths = {
    .id = "masked-paths",
    .title = "Dangerous files of /proc and /sys are hidden or read-only",
    .rationale = "Writing /proc/sys/kernel/core_pattern runs a program as root on the host; /proc/kcore is its memory.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
