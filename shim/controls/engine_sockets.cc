// Fields: /mounts/*/source. Allowed: no socket, and nothing that is, holds or leads to an engine's.
#include <fmt/format.h>
#include <sys/stat.h>

#include <optional>

#include "controls/bind_source.h"
#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"CIS Docker 1.6.0", "5.32"}, {"OWASP Docker Cheat Sheet", "RULE #1"}, {"OWASP Docker Top 10", "D05"}};

std::string_view verb(Relation found) {
  switch (found) {
    case Relation::same:
      return "is";
    case Relation::above:
      return "contains";
    case Relation::below:
      return "lies below";
    case Relation::none:
      break;
  }
  return "";
}

std::optional<std::string> problem(const Handed& handed, bool allowed, const Facts& facts) {
  for (const host::SensitiveFact& sensitive : facts.sensitive) {
    if (!sensitive.socket) continue;
    const Relation found = relation(handed.fact, sensitive, allowed);
    if (found != Relation::none)
      return fmt::format("{} {} the control socket {}", handed.name, verb(found), sensitive.path);
  }
  if (S_ISSOCK(handed.fact.mode)) return fmt::format("{} is a socket of the host", handed.name);
  return std::nullopt;
}

std::optional<std::string> problem(const MountView& mount, const Facts& facts) {
  const host::PathFact* fact = source_fact(mount, facts);
  host::PathFact missing;  // judged by its name: the engine may make its socket a moment later
  missing.resolved = clean_path(mount.source);
  const host::PathFact& source = fact != nullptr ? *fact : missing;
  const bool allowed = allowed_source(mount, source, facts);
  for (const Handed& handed : handed_over(mount, source)) {
    if (auto found = problem(handed, allowed, facts)) return found;
  }
  return std::nullopt;
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) {
    if (!mount.bind) continue;
    if (auto reason = problem(mount, facts))
      verdict.refuse(mount.pointer() + "/source", std::move(*reason), waivable(mount, facts));
  }
  return verdict;
}

}  // namespace

const Control engine_sockets = {
    .id = "engine-sockets",
    .title = "No control socket of an engine or of the host reaches the container",
    .rationale = "Whoever can talk to the engine can start a privileged container: the socket is root on the host.",
    .references = references,
    .owns = {},
    .evaluate = evaluate};

}  // namespace hardened::controls
