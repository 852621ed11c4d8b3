#include "generate/warnings.h"

#include <fmt/format.h>

#include <algorithm>

#include "controls/seccomp_arguments.h"
#include "controls/seccomp_groups.h"
#include "generate/draft.h"
#include "generate/system_calls.h"
#include "policy/decode_profile.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

using Warnings = std::vector<std::string>;

struct PhaseNeed {
  Phase phase;
  std::string_view sentence;
};
constexpr PhaseNeed phase_needs[] = {
    {Phase::serve, "no run lasted beyond its first second: what the program does at work is not in the profile"},
    {Phase::stop, "no run was stopped by a signal: calls of an orderly end may be missing (`docker stop` it)"},
    {Phase::exec, "nothing was run by exec: health checks and `docker exec` may need more"}};

void warn_of_losses(const Evidence& evidence, Warnings& warnings) {
  for (const Run& run : evidence.runs) {
    if (!run.complete)
      warnings.push_back(fmt::format("run {} is incomplete: {}", run.run, in_comment(join(run.lost, "; "))));
  }
}

void warn_of_digests(const Evidence& evidence, Warnings& warnings) {
  std::map<std::string, std::set<std::string>> digests;
  for (const Run& run : evidence.runs) {
    if (!run.image_digest.empty()) digests[run.image].insert(run.image_digest);
  }
  for (const auto& [image, seen] : digests) {
    if (seen.size() > 1)
      warnings.push_back(fmt::format("the runs are of {} images that were called {}", seen.size(), in_comment(image)));
  }
}

// Without its capability the filter refuses a call whatever the profile allows.
void warn_of_locked(const std::string& call, const Evidence& evidence, Warnings& warnings) {
  const std::string capability(controls::capability_needed(call));
  const bool is_held = evidence.granted.contains(capability) && !policy::is_never_granted(capability);
  if (!capability.empty() && !is_held)
    warnings.push_back(fmt::format("{} was called, and stays denied: it needs {}", call, capability));
}

void warn_of_calls(const Evidence& evidence, const policy::Known& known, Warnings& warnings) {
  const auto filters = filterable(evidence.architecture);
  std::set<std::string> locked;
  for (const auto& [architecture, calls] : evidence.calls) {
    if (std::find(filters.begin(), filters.end(), architecture) == filters.end()) {
      warnings.push_back(fmt::format("{} of {} cannot be allowed: the filter has no such architecture",
                                     calls.size() == 1 ? "a call" : fmt::format("{} calls", calls.size()),
                                     architecture));
      continue;
    }
    for (const auto& [name_or_number, seen] : calls) {
      const std::string name = call_name(name_or_number, architecture);
      if (!known.is_syscall(name)) {
        warnings.push_back(fmt::format("the call {} has no name here and cannot be allowed", in_comment(name)));
      } else if (locked.insert(name).second) {
        warn_of_locked(name, evidence, warnings);
      }
    }
  }
}

void warn_of_families(const Evidence& evidence, Warnings& warnings) {
  if (!socket_families(evidence)) {
    warnings.emplace_back("the families of sockets are not known: those of the base profile hold");
    return;
  }
  const auto found = evidence.arguments.find({"socket", 0});
  if (found == evidence.arguments.end()) return;
  for (const std::uint64_t number : found->second.values) {
    if (controls::socket_family_name(number).empty())
      warnings.push_back(fmt::format("sockets of family {} cannot be allowed: no profile can name it", number));
  }
}

void warn_of_capabilities(const Evidence& evidence, const policy::Known& known, Warnings& warnings) {
  const std::set<std::string> needed = needed_capabilities(evidence, known);
  for (const auto& [capability, counts] : evidence.granted) {
    if (policy::is_never_granted(capability)) {
      warnings.push_back(capability + " was used, and no profile may grant it; a waiver in the policy can");
    } else if (!needed.contains(capability)) {
      warnings.push_back(in_comment(capability) + " is no capability of this machine: left out");
    }
  }
  for (const auto& [capability, counts] : evidence.refused) {
    if (evidence.granted.contains(capability)) continue;
    std::vector<std::string> calls;
    for (const auto& [call, count] : counts) calls.push_back(in_comment(call));
    warnings.push_back(fmt::format("{} was wanted by {} and refused: left out", capability, join(calls, ", ")));
  }
}

void warn_of_places(const WritablePlan& plan, Warnings& warnings) {
  constexpr std::size_t most = 20;
  std::size_t count = 0;
  for (const auto& [path, why] : plan.unhelped) {
    if (++count <= most)
      warnings.push_back(fmt::format("{} was written, and no tmpfs helps there: {}", in_comment(path), why));
  }
  if (count > most) warnings.push_back(fmt::format("{} paths more were written where no tmpfs helps", count - most));
  if (count != 0) warnings.emplace_back("for such places use a volume, or \"rootfs\": \"ephemeral\"");
}

// The kernel's records, strace's, and those of BPF before Linux 6.14 tell of no check of a capability.
void warn_of_untold(const Evidence& evidence, Warnings& warnings) {
  if (std::none_of(evidence.runs.begin(), evidence.runs.end(), [](const Run& run) { return run.capabilities; }))
    warnings.emplace_back("the capabilities that were used are not known: none is granted");
}

}  // namespace

std::vector<std::string> phases_missing(const Evidence& evidence) {
  Warnings warnings;
  for (const PhaseNeed& need : phase_needs) {
    if (!evidence.phases.contains(need.phase)) warnings.emplace_back(need.sentence);
  }
  return warnings;
}

std::vector<std::string> warnings_of(const Evidence& evidence, const WritablePlan& plan, const policy::Known& known) {
  Warnings warnings;
  warn_of_losses(evidence, warnings);
  warn_of_untold(evidence, warnings);
  warn_of_digests(evidence, warnings);
  warn_of_calls(evidence, known, warnings);
  warn_of_families(evidence, warnings);
  warn_of_capabilities(evidence, known, warnings);
  warn_of_places(plan, warnings);
  return warnings;
}

}  // namespace hardened::generate
