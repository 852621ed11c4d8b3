#include "record/steps.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "record/log.h"
#include "record/runs.h"
#include "record/tier.h"
#include "state/init_process.h"
#include "state/process.h"
#include "util/clock.h"
#include "util/text.h"

namespace hardened::record {
namespace {

Result<std::string> random_name() {
  unsigned char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return fail_errno("cannot get random bytes", errno);
  std::string name;
  for (const unsigned byte : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    name += digits[byte >> 4U];
    name += digits[byte & 15U];
  }
  return name;
}

std::string kernel_release() {
  utsname names{};
  return ::uname(&names) == 0 ? names.release : "";
}

constexpr char nothing_seen[] = "no system call was recorded: ";

constexpr char by_bpf[] = "bpf", by_audit[] = "audit";

std::unique_ptr<Tier> tier_of(const Run& run, const Places& places) {
  return run.tier == by_audit ? audit_tier(places.state + "/training") : bpf_tier(places.state + "/bpf");
}

Observed observe(const Run& run, const Places& places) {
  Observed nothing;
  if (run.init.empty()) {
    if (run.lost.empty()) nothing.lost.push_back(std::string(nothing_seen) + "the recorder did not run at its start");
    return nothing;
  }
  auto observed = tier_of(run, places)->read(run);
  if (observed) return std::move(*observed);
  nothing.lost.push_back(nothing_seen + observed.error().message);
  return nothing;
}

Writes written(const Run& run) {
  Writes nothing;
  if (run.upper.empty()) {
    nothing.lost.emplace_back("no write was recorded: the root file system is no overlay");
    return nothing;
  }
  auto writes = list_writes(run.upper, run.mounts);
  if (writes) return std::move(*writes);
  nothing.lost.push_back("no write was recorded: " + writes.error().message);
  return nothing;
}

void forget(const Runs& runs, const Run& run, const Places& places) {
  runs.remove(run);
  tier_of(run, places)->forget(run, runs.empty());
}

// The slot is free again when the log is there; otherwise a later create tries once more.
Status finish(const Runs& runs, const Run& run, const Places& places) {
  Ending ending{utc_now(), kernel_release(), observe(run, places), written(run), read_peaks(run.cgroups)};
  TRY_DO(write_log(run, ending, places.logs));
  forget(runs, run, places);
  return {};
}

// No runtime calls poststop for a container whose create failed after createRuntime: of it there is nothing to tell.
bool never_began(const Run& run, const Places& places) {
  if (run.bundle.empty()) return false;
  const auto observed = tier_of(run, places)->read(run);
  return observed && observed->calls.empty();
}

void finish_unseen(const Runs& runs, Run run, const Places& places) {
  if (never_began(run, places)) return forget(runs, run, places);
  run.lost.emplace_back("its end was not seen");
  static_cast<void>(finish(runs, run, places));
}

// One that a hook told of and that has no process any more.
bool has_ended(const Run& run) {
  const auto init = state::parse_process(run.init);
  return !run.bundle.empty() && init && !state::may_be_alive(*init);
}

// A hook's container that ended a moment ago will still see its poststop: only where the places run out is it given up.
void sweep(const Runs& runs, const Places& places) {
  runs.remove_damaged();
  for (const Run& run : runs.all()) {
    if (!is_needed(run)) finish_unseen(runs, run, places);
  }
  if (free_slot(runs.all()) >= 0) return;
  for (const Run& run : runs.all()) {
    if (has_ended(run)) finish_unseen(runs, run, places);
  }
}

Status enter(Run& run, pid_t init, const Places& places) {
  TRY(process, state::process_of(init));
  TRY(cgroups, cgroups_of(init));
  run.cgroups = std::move(cgroups);
  TRY_DO(tier_of(run, places)->enter(run, process));
  run.init = state::format_process(process);
  return {};
}

// The run is stored first: whatever becomes of this process, a later create finds what the tier has begun.
Status place_in(const std::string& tier, Run& run, const Runs& runs, const Places& places) {
  run.tier = tier;
  Status placed = runs.store(run);
  if (placed) placed = tier_of(run, places)->expect(run, runs);
  if (placed) placed = runs.store(run);
  if (!placed) forget(runs, run, places);
  return placed;
}

// By the tier that the profile names; where it names none, by the first that this machine lets us.
Status find_place(Run& run, const Runs& runs, const Places& places) {
  if (!run.tier.empty()) return place_in(run.tier, run, runs, places);
  const Status placed = place_in(by_bpf, run, runs, places);
  if (placed || placed.error().code != Code::policy) return placed;
  const Status listening = place_in(by_audit, run, runs, places);
  if (listening) return {};
  return fail(Code::policy, placed.error().message + ", and " + listening.error().message,
              placed.error().hint.empty() ? listening.error().hint : placed.error().hint);
}

// Process numbers are those of this process's namespace, the BPF programs know the host's.
Status check_pid_namespace() {
  constexpr ino_t of_the_host = 0xEFFFFFFC;  // PROC_PID_INIT_INO (include/linux/proc_ns.h)
  struct stat status {};
  if (::stat("/proc/self/ns/pid", &status) == 0 && status.st_ino == of_the_host) return {};
  return fail(Code::policy, "the engine runs in a PID namespace of its own", "train where it runs on the host");
}

Status expect(Run& run, const Runs& runs, const Places& places) {
  TRY_DO(check_pid_namespace());
  sweep(runs, places);
  TRY(id, random_name());
  run.id = id;
  run.started = utc_now();
  return find_place(run, runs, places);
}

std::optional<int> signal_number(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc{} && end == text.data() + text.size()) return number;
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name.starts_with("SIG")) name.erase(0, 3);
  for (int candidate = 1; candidate < SIGRTMIN; ++candidate) {
    const char* abbreviation = ::sigabbrev_np(candidate);
    if (abbreviation != nullptr && name == abbreviation) return candidate;
  }
  return std::nullopt;
}

Status enter_first(Run& run, const Places& places) {
  TRY(init, state::init_of(run.runtime_root, run.container));
  return enter(run, init, places);
}

Status at_start(Run run, const Runs& runs, const Places& places) {
  run.started = utc_now();
  const Status entered = enter_first(run, places);
  if (!entered) run.lost.push_back(nothing_seen + entered.error().message);
  return runs.store(run);
}

Status at_kill(const Run& run, const std::string& signal, const Places& places) {
  return asks_to_end(signal, run.stop_signal) ? tier_of(run, places)->stop(run) : Status{};
}

Status at_delete(Run run, const Runs& runs, bool force, const Places& places) {
  if (run.init.empty() && run.lost.empty() && !exists_in_runtime(run)) {
    forget(runs, run, places);  // its create failed: nothing ran
    return {};
  }
  const auto init = state::parse_process(run.init);
  if (init && state::may_be_alive(*init)) {
    if (!force) return {};  // the runtime will refuse
    run.lost.emplace_back("it was removed while it ran");
  }
  return finish(runs, run, places);
}

Result<std::optional<Run>> find(const Runs& runs, const runtime::Invocation& invocation) {
  const std::string root = invocation.global("root");
  if (!root.empty()) return runs.find(root, invocation.id());
  for (const char* usual : {"/run/runc", "/run/crun"}) {
    TRY(run, runs.find(usual, invocation.id()));
    if (run) return run;
  }
  return std::nullopt;
}

}  // namespace

bool asks_to_end(std::string_view signal, std::string_view stop_signal) {
  constexpr int others[] = {0, SIGHUP, SIGUSR1, SIGUSR2, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCHLD, SIGURG};
  const auto number = signal_number(signal);
  if (!number || number == signal_number(stop_signal)) return true;
  return std::find(std::begin(others), std::end(others), *number) == std::end(others);
}

Result<std::string> expect(const std::string& text, const Places& places) {
  TRY(run, decode(text, "the container's description"));
  TRY(runs, Runs::open(places.state));
  TRY_DO(expect(run, runs, places));
  return run.tier;
}

Status begin(Run run, pid_t init, const Places& places) {
  TRY(runs, Runs::open(places.state));
  for (const Run& other : runs.all()) {
    if (other.container != run.container) continue;
    if (other.bundle.empty()) return {};
    if (other.bundle == run.bundle) finish_unseen(runs, other, places);  // another life of it
  }
  run.tier = by_bpf;
  TRY_DO(expect(run, runs, places));
  Status begun = run.lost.empty() ? enter(run, init, places) : fail(Code::policy, run.lost.front());
  if (begun) begun = runs.store(run);
  if (!begun) forget(runs, run, places);
  return begun;
}

Status end(const std::string& bundle, const std::string& container, const Places& places) {
  TRY(runs, Runs::open(places.state));
  TRY(run, runs.find(bundle, container));
  return run ? finish(runs, *run, places) : Status{};
}

Status step(const runtime::Invocation& invocation, const Places& places) {
  const std::string& verb = invocation.verb_name;
  if (invocation.id().empty() || (verb != "start" && verb != "kill" && verb != "delete")) return {};
  TRY(runs, verb == "kill" ? Runs::look(places.state) : Runs::open(places.state));
  TRY(run, find(runs, invocation));
  if (!run) return {};
  if (verb == "start") return at_start(std::move(*run), runs, places);
  const bool force = invocation.flag("force") == "true" || invocation.flag("f") == "true";
  if (verb == "delete") return at_delete(std::move(*run), runs, force, places);
  return at_kill(*run, invocation.positionals.size() > 1 ? invocation.positionals[1] : "", places);
}

}  // namespace hardened::record
