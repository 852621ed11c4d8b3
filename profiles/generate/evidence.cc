#include "generate/evidence.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "util/text.h"

namespace hardened::generate {
namespace {

using Text = std::string Run::*;

std::set<std::string> values_of(const std::vector<Run>& runs, Text member) {
  std::set<std::string> values;
  for (const Run& run : runs) values.insert(run.*member);
  return values;
}

std::string list(const std::set<std::string>& values) {
  std::vector<std::string> quoted;
  for (const std::string& value : values) quoted.push_back(in_quotes(value));
  return join(quoted, ", ");
}

Status check_complete(const std::vector<Run>& runs) {
  const auto lacking = std::find_if(runs.begin(), runs.end(), [](const Run& run) { return !run.complete; });
  if (lacking == runs.end()) return {};
  const std::string why = lacking->lost.empty() ? "it does not say what is missing" : join(lacking->lost, "; ");
  return fail(Code::policy,
              fmt::format("{}: cannot use run {}: it is incomplete ({})", lacking->file, lacking->run, in_quotes(why)),
              "record it again, or use --incomplete: the profile will lack what was not seen");
}

Status check_alike(const std::vector<Run>& runs, const Demands& demands) {
  const auto images = values_of(runs, &Run::image);
  if (images.size() > 1 && !demands.mixed)
    return fail(Code::policy, "cannot make one profile for several images: " + list(images),
                "choose with --image, or use --mixed for one profile that fits them all");
  const auto architectures = values_of(runs, &Run::architecture);
  if (architectures.size() > 1)
    return fail(Code::policy, "cannot mix machines of several architectures: " + list(architectures),
                "a profile is for one: make one of each");
  return {};
}

// By time: the order of files and arguments means nothing.
std::vector<Run> in_order(std::vector<Run> runs) {
  std::sort(runs.begin(), runs.end(), [](const Run& one, const Run& other) {
    return std::tie(one.started, one.run) < std::tie(other.started, other.run);
  });
  return runs;
}

void add_calls(Evidence& evidence, const Run& run) {
  for (const auto& [architecture, calls] : run.syscalls) {
    for (const auto& [name, phases] : calls) {
      Seen& seen = evidence.calls[architecture][name];
      if (seen.runs++ == 0) seen.first = run.started;
      seen.last = run.started;
      seen.phases.insert(phases.begin(), phases.end());
    }
  }
}

void add_arguments(Evidence& evidence, const Run& run) {
  for (const ArgumentValues& values : run.arguments) {
    Argument& argument = evidence.arguments[{values.syscall, values.index}];
    argument.any = argument.any || values.any;
    if (values.values) argument.values.insert(values.values->begin(), values.values->end());
  }
}

void add_capabilities(Evidence& evidence, const Run& run) {
  if (!run.capabilities) return;
  for (const CapabilityUse& use : *run.capabilities)
    add_up((use.granted ? evidence.granted : evidence.refused)[use.capability][use.syscall], use.count);
}

void add_writes(Evidence& evidence, const Run& run) {
  for (const Write& write : run.writes) {
    WrittenPath& path = evidence.writes[write.path];
    path.bytes = std::max(path.bytes, write.bytes);
    path.kinds.insert(write.kind);
  }
}

void raise(std::optional<std::uint64_t>& peak, const std::optional<std::uint64_t>& other) {
  if (other) peak = std::max(peak.value_or(0), *other);
}

void add_peaks(Evidence& evidence, const Run& run) {
  raise(evidence.peaks.memory, run.peaks.memory);
  raise(evidence.peaks.pids, run.peaks.pids);
  raise(evidence.peaks.cpu_ms, run.peaks.cpu_ms);
}

}  // namespace

void add_up(std::uint64_t& sum, std::uint64_t more) {
  if (__builtin_add_overflow(sum, more, &sum)) sum = UINT64_MAX;
}

const std::map<std::string, Seen>& Evidence::own_calls() const {
  static const std::map<std::string, Seen> none;
  const auto found = calls.find(architecture);
  return found == calls.end() ? none : found->second;
}

Result<Evidence> gather(const Logs& logs, const Demands& demands) {
  if (logs.runs.empty()) {
    return fail(Code::policy, "cannot find a run to learn from",
                logs.damaged.empty() ? "`hardened-train` records one for every container it runs"
                                     : "every line is damaged; the first: " + logs.damaged.front().message);
  }
  if (!demands.incomplete) TRY_DO(check_complete(logs.runs));
  TRY_DO(check_alike(logs.runs, demands));
  Evidence evidence;
  evidence.runs = in_order(logs.runs);
  evidence.digests = logs.digests;
  evidence.architecture = logs.runs.front().architecture;
  for (const Run& run : evidence.runs) {
    for (const auto add : {add_calls, add_arguments, add_capabilities, add_writes, add_peaks}) add(evidence, run);
    evidence.phases.insert(run.phases.begin(), run.phases.end());
  }
  if (evidence.own_calls().empty())
    return fail(Code::policy, "cannot make a profile: the runs show no system call of " + evidence.architecture);
  return evidence;
}

}  // namespace hardened::generate
