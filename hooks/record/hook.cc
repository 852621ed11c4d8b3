#include "record/hook.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "host/inspector.h"
#include "host/overlay.h"
#include "host/runtime_version.h"
#include "host/workload.h"
#include "oci/bundle.h"
#include "oci/spec.h"
#include "oci/strict_json.h"
#include "state/process.h"
#include "util/file.h"

namespace hardened::record {
namespace {

constexpr std::int64_t highest_pid = 4 << 20;  // PID_MAX_LIMIT (include/linux/threads.h)

struct State {
  std::string id, bundle, status;
  pid_t pid = 0;
};

Result<State> decode_state(const std::string& text) {
  TRY(document, oci::parse_strict(text, "the container's state"));
  const Spec told(std::move(document.value));
  const std::int64_t pid = told.integer("/pid").value_or(0);
  const bool is_process = pid > 1 && pid <= highest_pid;
  const State state{told.text("/id").value_or(""), told.text("/bundle").value_or(""), told.text("/status").value_or(""),
                    is_process ? static_cast<pid_t>(pid) : 0};
  const bool is_whole = !state.id.empty() && state.bundle.starts_with('/') && !state.status.empty();
  if (!is_whole || (state.status != "stopped" && !is_process))
    return fail(Code::syntax, "cannot read the container's state: it has no id, bundle, status or process",
                "let a runtime call this as a hook");
  return state;
}

// Who shares our mount namespace is no container: all that this host executes would be recorded.
Status check_apart(pid_t init) {
  struct stat ours {
  }, theirs{};
  const std::string link = "/proc/" + std::to_string(init) + "/ns/mnt";
  if (::stat("/proc/self/ns/mnt", &ours) != 0 || ::stat(link.c_str(), &theirs) != 0)
    return fail_errno("cannot look at " + link, errno);
  if (ours.st_ino != theirs.st_ino) return {};
  return fail(Code::policy, "process " + std::to_string(init) + " has no mount namespace of its own");
}

// Which runtime waits for us, as the engine called it: crun runs as a copy of itself in memory (CVE-2019-5736), so its
// /proc/PID/exe names no file. Empty where it cannot be told.
std::string runtime_version(const Places& places) {
  constexpr std::size_t longest = 4096;
  const std::string file = "/proc/" + std::to_string(::getppid()) + "/cmdline";
  const auto words = open_at(AT_FDCWD, file, O_RDONLY);
  const auto path = words ? read_some(words->get(), longest, file) : tl::unexpected(words.error());
  if (!path || !path->starts_with('/')) return {};
  const auto fact = host::runtime_version(path->c_str(), places.state);
  return fact && fact->kind != host::RuntimeKind::other ? host::version_text(*fact) : std::string();
}

Status describe_root(const oci::Bundle& bundle, Run& run) {
  host::Inspector inspector;
  const Spec spec(bundle.spec());
  host::Opened root = inspector.open(bundle.directory(), spec.text("/root/path").value_or(""));
  TRY_DO(inspector.locate(root));
  TRY(options, inspector.mount_options(root));
  run.upper = host::parse_overlay(options, "").upper;
  const auto identified = host::identify(bundle.spec(), run.container, "", root.fact.resolved, inspector);
  run.image = identified.workload.image;
  run.image_digest = identified.workload.image_digest;
  run.engine = engine_name(identified.workload.engine);
  run.stop_signal = identified.workload.stop_signal;
  return inspector.certain();
}

Result<Run> describe(const State& state, const Places& places) {
  TRY(bundle, oci::Bundle::open(state.bundle));
  TRY(runtime, state::process_of(::getppid()));
  Run run;
  run.container = state.id;
  run.runtime_root = run.bundle = state.bundle;
  run.creator = state::format_process(runtime);
  run.runtime = runtime_version(places);
  for (const Json& mount : Spec(bundle.spec()).elements("/mounts"))
    run.mounts.push_back(oci::text(mount, "/destination").value_or(""));
  TRY_DO(describe_root(bundle, run));
  return run;
}

}  // namespace

Status hook(const std::string& text, const Places& places) {
  TRY(state, decode_state(text));
  if (state.status == "stopped") return end(state.bundle, state.id, places);
  TRY_DO(check_apart(state.pid));
  TRY(run, describe(state, places));
  return begin(std::move(run), state.pid, places);
}

}  // namespace hardened::record
