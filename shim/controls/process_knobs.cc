// Fields: /process/{oomScoreAdj,scheduler,ioPriority,execCPUAffinity,cwd},
// /linux/{personality,timeOffsets,memoryPolicy}. Allowed: what gives the process no precedence over the host's, and no
// door out of its root.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "controls/granted.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Cheat Sheet", "RULE #7"}, {"OWASP Docker Top 10", "D07"}, {"CVE", "2024-21626"}};
constexpr std::string_view owns[] = {"/process/oomScoreAdj",     "/process/scheduler", "/process/ioPriority",
                                     "/process/execCPUAffinity", "/linux/personality", "/linux/timeOffsets",
                                     "/linux/memoryPolicy"};

bool among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// kubelet derives the score from the pod's quality of service class (-997 for a guaranteed one, -998 for its sandbox).
bool engine_scores(Engine engine) {
  return engine == Engine::cri_o || engine == Engine::containerd;
}

void judge_oom_score(Verdict& verdict, const Spec& spec, const Facts& facts) {
  const std::string pointer(owns[0]);
  const auto score = spec.integer(pointer);
  const std::int64_t floor = granted(facts).integer(pointer).value_or(0);
  // Absent stays absent: the process then keeps its parent's, and a rootless engine could not lower that to 0.
  if (!score || *score >= floor) return;
  if (engine_scores(facts.workload.engine)) {
    verdict.tighten(pointer, floor, "the host's processes must not be killed for memory before the container's");
  } else {
    verdict.excess(pointer, floor, fmt::format("the oom score {}, to be killed for memory after others", *score),
                   std::to_string(*score));
  }
}

void judge_scheduler(Verdict& verdict, const Spec& spec) {
  constexpr std::string_view harmless[] = {"SCHED_OTHER", "SCHED_BATCH", "SCHED_IDLE"};
  if (spec.find("/process/scheduler") == nullptr) return;
  const std::string policy = spec.text("/process/scheduler/policy").value_or("");
  const std::int64_t nice = spec.integer("/process/scheduler/nice").value_or(0);
  if (among(harmless, policy) && nice >= 0) return;
  verdict.excess("/process/scheduler", std::nullopt,
                 fmt::format("the scheduler {} with nice {}", in_quotes(policy), nice), policy);
}

void judge_io_priority(Verdict& verdict, const Spec& spec) {
  constexpr std::string_view harmless[] = {"IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE"};
  if (spec.find("/process/ioPriority") == nullptr) return;
  const std::string name = spec.text("/process/ioPriority/class").value_or("");
  if (among(harmless, name)) return;
  verdict.excess("/process/ioPriority", std::nullopt, "the I/O priority class " + in_quotes(name), name);
}

void judge_personality(Verdict& verdict, const Spec& spec) {
  constexpr std::string_view harmless[] = {"LINUX", "LINUX32"};  // change what uname(2) says, nothing else
  if (spec.find("/linux/personality") == nullptr) return;
  const std::string domain = spec.text("/linux/personality/domain").value_or("");
  if (among(harmless, domain) && spec.elements("/linux/personality/flags").empty()) return;
  verdict.excess("/linux/personality", std::nullopt,
                 fmt::format("the personality {}, which may take exploit mitigations away", in_quotes(domain)), domain);
}

struct Removed {
  std::string_view pointer, subject, reason;
};
constexpr Removed removed[] = {{"/linux/timeOffsets", "timeOffsets", "another time than the host's"},
                               {"/linux/memoryPolicy", "memoryPolicy", "memory of chosen NUMA nodes"}};

// CVE-2024-21626: a descriptor the runtime forgot to close, as the working directory, leads out of the root; /dev/fd is
// the runtime's own symbolic link to /proc/self/fd.
void judge_cwd(Verdict& verdict, const Spec& spec) {
  constexpr std::string_view forbidden[] = {"/proc", "/dev/fd"};
  const auto cwd = spec.text("/process/cwd");
  if (!cwd) return;
  const std::string clean = clean_path(*cwd);
  const bool escapes = std::any_of(std::begin(forbidden), std::end(forbidden),
                                   [&clean](std::string_view parent) { return is_within(clean, parent); });
  if (cwd->empty() || cwd->front() != '/') {
    verdict.refuse("/process/cwd", fmt::format("the working directory {}, not an absolute path", in_quotes(*cwd)),
                   *cwd);
  } else if (escapes) {
    verdict.refuse("/process/cwd",
                   fmt::format("the working directory {}, below /proc (CVE-2024-21626)", in_quotes(*cwd)), *cwd);
  }
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  judge_oom_score(verdict, spec, facts);
  judge_scheduler(verdict, spec);
  judge_io_priority(verdict, spec);
  verdict.tighten("/process/execCPUAffinity", std::nullopt,
                  "the control group says which processors a process runs on");
  judge_personality(verdict, spec);
  for (const Removed& row : removed) {
    if (spec.find(row.pointer) != nullptr)
      verdict.excess(std::string(row.pointer), std::nullopt, std::string(row.reason), std::string(row.subject));
  }
  judge_cwd(verdict, spec);
  return verdict;
}

}  // namespace

const Control process_knobs = {
    .id = "process-knobs",
    .title = "Processes have no precedence over the host's",
    .rationale = "A process that is scheduled, served or spared before the host's own can starve it.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
