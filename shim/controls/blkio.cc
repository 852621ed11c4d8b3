// Fields: weights in /linux/resources/blockIO. Allowed: up to 500, the weight of an ordinary container. Throttles only
// restrict and stay.
#include <fmt/format.h>

#include "controls/controls.h"
#include "controls/limits.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D07"}};
constexpr std::string_view block_io = "/linux/resources/blockIO";
constexpr std::string_view names[] = {"weight", "leafWeight"};
constexpr std::string_view owns[] = {"/linux/resources/blockIO/weight", "/linux/resources/blockIO/leafWeight",
                                     "/linux/resources/blockIO/weightDevice/*/weight",
                                     "/linux/resources/blockIO/weightDevice/*/leafWeight"};
// runtime-spec config-linux.md: 10 to 1000; 500 is Docker's documented default.
constexpr std::int64_t ordinary = 500;

void judge_weights(Verdict& verdict, const Spec& spec, const std::string& parent) {
  for (const std::string_view name : names) {
    const std::string pointer = fmt::format("{}/{}", parent, name);
    const auto weight = asked(spec, pointer);
    if (weight && (*weight > ordinary || *weight < 0))
      verdict.excess(
          pointer, ordinary,
          fmt::format("a block I/O weight of {} is above {}, that of every other container", *weight, ordinary),
          fmt::format("{}={}", name, *weight));
  }
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts&) {
  Verdict verdict(spec);
  judge_weights(verdict, spec, std::string(block_io));
  const std::string devices = fmt::format("{}/weightDevice", block_io);
  for (std::size_t i = 0; i < spec.elements(devices).size(); ++i)
    judge_weights(verdict, spec, fmt::format("{}/{}", devices, i));
  return verdict;
}

}  // namespace

const Control blkio = {
    .id = "blkio",
    .title = "No container outweighs the others at the disks",
    .rationale = "A container of the greatest weight makes its neighbours wait for every read and write.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
