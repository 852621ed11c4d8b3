// Fields: /root/path. Allowed: a directory of the bundle, or below a directory where an engine keeps root file systems.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"NIST SP 800-190", "4.5.5"}, {"OWASP Docker Top 10", "D04"}};

bool climbs(const std::string& path) {
  const std::vector<std::string> parts = split(path, '/');
  return std::find(parts.begin(), parts.end(), "..") != parts.end();
}

bool is_sensitive(const host::PathFact& root, const Facts& facts) {
  return std::any_of(facts.sensitive.begin(), facts.sensitive.end(), [&root](const host::SensitiveFact& sensitive) {
    return root.identity.inode != 0 && root.identity == sensitive.fact.identity;
  });
}

bool is_engine_root(const host::PathFact& root, const Facts& facts) {
  const auto holds = [&root](const std::string& directory) {
    return !directory.empty() && root.resolved != directory && is_within(root.resolved, directory);
  };
  return holds(facts.engine_directory) || std::any_of(facts.graph_roots.begin(), facts.graph_roots.end(), holds);
}

// What is wrong with the root file system at `path`; nothing when it is fine.
std::optional<std::string> problem(const std::string& path, const Facts& facts) {
  if (path.empty()) return "the spec names no root file system";
  if (climbs(path)) return fmt::format("the root file system {} climbs with \"..\"", in_quotes(path));
  const auto found = facts.paths.find(path);
  const bool known = found != facts.paths.end() && found->second.exists;
  if (path.front() != '/' && !known) return std::nullopt;  // a directory of the bundle
  if (!known) return fmt::format("the root file system {} does not exist", in_quotes(path));
  const host::PathFact& root = found->second;
  if (!S_ISDIR(root.mode)) return fmt::format("the root file system {} is not a directory", in_quotes(path));
  if (root.resolved == "/" || is_sensitive(root, facts))
    return fmt::format("the root file system {} is a directory of the host", in_quotes(path));
  // crun follows a link out of the bundle; runc refuses it with a message that names neither.
  if (path.front() != '/' && !root.resolved.ends_with(clean_path(path)))
    return fmt::format("the root file system {} is a symbolic link", in_quotes(path));
  if (path.front() == '/' && !is_engine_root(root, facts))
    return fmt::format("the root file system {} lies outside of the engines' directories", in_quotes(path));
  return std::nullopt;
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  const std::string path = spec.text("/root/path").value_or("");
  if (auto reason = problem(path, facts)) verdict.refuse("/root/path", std::move(*reason), path);
  return verdict;
}

}  // namespace

const Control root_path = {.id = "root-path",
                           .title = "The root file system is an image, not the host",
                           .rationale = "A container whose root is \"/\" or \"/etc\" is a host shell with extra steps.",
                           .references = references,
                           .owns = {},
                           .evaluate = evaluate};

}  // namespace hardened::controls
