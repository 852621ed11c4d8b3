#include "generate/propose.h"

#include <fmt/format.h>

#include <algorithm>

#include "controls/writable_paths.h"
#include "generate/limits.h"
#include "generate/siblings.h"
#include "generate/system_calls.h"
#include "generate/warnings.h"
#include "generate/writable.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

using policy::Known;
using Reasons = std::map<std::string, std::string>;  // by call: the comment behind it

std::string plural(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string told(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [call, count] : counts) parts.push_back(fmt::format("{} {}", in_comment(call), count));
  return join(parts, ", ");
}

std::string told(const Seen& seen, std::size_t runs) {
  std::string text = fmt::format("{} of {} runs", seen.runs, runs);
  if (!seen.phases.empty()) text += ": " + words_of(seen.phases);
  if (seen.runs == runs) return text;
  return text + fmt::format("; first {}, last {}", seen.first.substr(0, 10), seen.last.substr(0, 10));
}

// The own architecture's evidence goes before that of the others.
void explain(const Evidence& evidence, const std::string& architecture, Reasons& reasons) {
  const auto calls = evidence.calls.find(architecture);
  if (calls == evidence.calls.end()) return;
  const bool is_own = architecture == evidence.architecture;
  for (const auto& [name_or_number, seen] : calls->second) {
    const auto reason = reasons.find(call_name(name_or_number, architecture));
    if (reason != reasons.end() && (is_own || reason->second.empty()))
      reason->second = told(seen, evidence.runs.size()) + (is_own ? "" : " (" + architecture + ")");
  }
}

Reasons reasons_of(const Evidence& evidence, const Known& known) {
  Reasons reasons;
  for (const std::string& call : needed_calls(evidence, known)) reasons[call];
  explain(evidence, evidence.architecture, reasons);
  for (const std::string& architecture : filterable(evidence.architecture)) explain(evidence, architecture, reasons);
  for (auto& [call, reason] : reasons) {
    if (reason.empty()) reason = call == "clone" ? "what clone3 falls back to" : "nothing runs without it";
  }
  return reasons;
}

std::size_t add_siblings(const Evidence& evidence, const Known& known, Reasons& reasons) {
  std::set<std::string> calls;
  for (const auto& [call, reason] : reasons) calls.insert(call);
  const auto& own = calls_of(evidence.architecture);
  std::size_t added = 0;
  for (const auto& [call, of] : siblings_of(calls)) {
    if (!known.is_syscall(call) || (!own.contains(call) && !needs_compat(evidence))) continue;
    reasons[call] = "sibling of " + of;
    ++added;
  }
  return added;
}

void add_seccomp(const Evidence& evidence, const Profile& base, const Known& known, const Reasons& reasons,
                 Draft& draft) {
  Json& seccomp = draft.document["seccomp"] = Json::object();
  Json allow = Json::array();
  std::set<std::string> calls;
  for (const auto& [call, reason] : reasons) {
    draft.comments[fmt::format("/seccomp/allow/{}", allow.size())] = reason;
    allow.push_back(call);
    calls.insert(call);
  }
  seccomp["allow"] = allow;
  seccomp["deny"] = denied_without(base.seccomp.deny, calls, known);
  seccomp["errno"] = "EPERM";
  seccomp["unknown"] = "ENOSYS";
  if (const auto families = socket_families(evidence)) seccomp["socket_families"] = *families;
  seccomp["compat_architectures"] = needs_compat(evidence);
  if (needs_compat(evidence))
    draft.comments["/seccomp/compat_architectures"] = "32-bit calls were seen; a name is allowed in every architecture";
}

void add_capabilities(const Evidence& evidence, const Known& known, Draft& draft) {
  Json capabilities = Json::array();
  for (const std::string& capability : needed_capabilities(evidence, known)) {
    draft.comments[fmt::format("/capabilities/{}", capabilities.size())] =
        "used by " + told(evidence.granted.at(capability));
    capabilities.push_back(capability);
  }
  draft.document["capabilities"] = capabilities;
}

void add_writable(const WritablePlan& plan, Draft& draft) {
  Json writable = Json::array();
  for (const WritableDirectory& directory : plan.directories) {
    draft.comments[fmt::format("/writable/{}", writable.size())] =
        fmt::format("{}, {}", plural(directory.files, "path"), plural(directory.bytes, "byte"));
    writable.push_back({{"path", directory.path}, {"size", format_size(directory.size)}});
  }
  draft.document["writable"] = writable;
}

std::string values_of(const Evidence& evidence, std::string Run::*member) {
  std::set<std::string> values;
  for (const Run& run : evidence.runs) {
    if (!(run.*member).empty()) values.insert(in_comment(run.*member));
  }
  const std::vector<std::string> list(values.begin(), values.end());
  return list.empty() ? "not said" : join(list, ", ");
}

std::vector<std::string> provenance(const Evidence& evidence, const std::string& version) {
  struct Row {
    std::string_view title;
    std::string Run::*member;
  };
  constexpr Row rows[] = {{"image", &Run::image},   {"digest", &Run::image_digest}, {"recorder", &Run::tier},
                          {"kernel", &Run::kernel}, {"runtime", &Run::runtime},     {"engine", &Run::engine}};
  std::vector<std::string> lines = {
      fmt::format("Made by hardenctl {} from {} of {}, the newest on {}.", version, plural(evidence.runs.size(), "run"),
                  evidence.architecture, evidence.runs.back().started),
      "phases    " + (evidence.phases.empty() ? std::string("none") : words_of(evidence.phases))};
  for (const Row& row : rows) lines.push_back(fmt::format("{:<9} {}", row.title, values_of(evidence, row.member)));
  for (const Run& run : evidence.runs)
    lines.push_back(fmt::format("run       {} {}, sha256 {}", run.run, run.started, evidence.digests.at(run.file)));
  lines.emplace_back("A directory of \"writable\" begins empty: what the image has there is not seen.");
  return lines;
}

}  // namespace

Draft propose(const Evidence& evidence, const Profile& base, const Known& known, const Wishes& wishes) {
  Draft draft;
  draft.document = {{"name", wishes.name},
                    {"description", fmt::format("Trained in {}.", plural(evidence.runs.size(), "run"))},
                    {"extends", base.name}};
  const WritablePlan plan = plan_writable(evidence.writes, controls::writable_places({}));
  Reasons reasons = reasons_of(evidence, known);
  if (wishes.siblings) draft.siblings = add_siblings(evidence, known, reasons);
  add_capabilities(evidence, known, draft);
  add_seccomp(evidence, base, known, reasons, draft);
  add_writable(plan, draft);
  add_limits(evidence, plan, base.limits, draft);
  draft.warnings = phases_missing(evidence);
  for (std::string& warning : warnings_of(evidence, plan, known)) draft.warnings.push_back(std::move(warning));
  draft.header = provenance(evidence, wishes.version);
  for (const std::string& warning : draft.warnings) draft.header.push_back("warning: " + warning);
  return draft;
}

}  // namespace hardened::generate
