#include "runtime/recording.h"

#include <fcntl.h>
#include <unistd.h>

#include "host/overlay.h"
#include "host/runtime_version.h"
#include "runtime/entered_login.h"
#include "util/child.h"
#include "util/file.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

constexpr ChildLimits limits{std::chrono::seconds(30), 4096};
constexpr char instead[] = "run the container under hardened-compat, which records nothing";

Json expected(const state::Grant& grant, const Spec& spec, const host::Probe& probe, const policy::Recorder& recorder) {
  Json mounts = Json::array();
  for (const Json& mount : spec.elements("/mounts")) mounts.push_back(oci::text(mount, "/destination").value_or(""));
  const std::string upper = probe.root_options.empty() ? "" : host::parse_overlay(probe.root_options, "").upper;
  const bool alone = probe.facts.joined_user_namespace.empty();
  return {{"container", grant.id},
          {"runtime_root", grant.runtime_root},
          {"creator", state::format_process(grant.creator)},
          {"image", grant.image},
          {"image_digest", probe.facts.workload.image_digest},
          {"engine", grant.engine},
          {"stop_signal", probe.facts.workload.stop_signal},
          {"runtime", host::version_text(probe.facts.runtime)},
          {"profile", Spec(grant.profile).text("/name").value_or("")},
          {"upper", upper},
          {"tier", recorder.tier},
          {"buffer", recorder.buffer},
          {"first_id", grant.ids.uid},
          {"ids", alone ? grant.ids.size : 0},
          {"mounts", std::move(mounts)}};
}

// Every action of `seccomp` that allows becomes one that allows and logs.
void log_allowed(Json& seccomp) {
  const auto change = [](Json& holder, const char* member) {
    if (holder.value(member, "") == "SCMP_ACT_ALLOW") holder[member] = "SCMP_ACT_LOG";
  };
  change(seccomp, "defaultAction");
  for (Json& rule : seccomp["syscalls"]) change(rule, "action");
}

Status have_calls_logged(Spec& spec) {
  const auto before = spec.value("/linux/seccomp");
  if (!before)
    return fail(Code::policy, "cannot record what the container uses: it has no seccomp filter that could log calls",
                instead);
  Json after = *before;
  log_allowed(after);
  return spec.apply({"/linux/seccomp", before, std::move(after)});
}

}  // namespace

Status check_recordable(const Profile& profile, const Call& call) {
  if (!profile.training && call.program == "hardened-train")
    return fail(Code::policy,
                "cannot record what the container uses: the policy selects profile " + in_quotes(profile.name) +
                    " for it, which does not record",
                "put {\"program\": \"hardened-train\", \"profile\": \"train\"} first in \"select\" of the policy");
  if (!profile.training || call.invocation.verb_name != "run") return {};
  return fail(Code::usage, "cannot record a container that \"run\" makes and starts at once", "use create and start");
}

Status expect_recording(const state::Grant& grant, Spec& spec, const host::Probe& probe,
                        const policy::Recorder& recorder) {
  TRY(document, sealed_document("expected", expected(grant, spec, probe, recorder).dump()));
  if (::lseek(document.get(), 0, SEEK_SET) != 0) return fail(Code::io, "cannot rewind an anonymous file");
  const auto end = run_child(paths::recorder, {"expect"}, document.get(), limits);
  if (!end)
    return fail(Code::policy, "cannot record what the container uses: " + end.error().message,
                std::string("install hardened with training mode, or ") + instead);
  if (end->status == 0) return end->output == "audit" ? have_calls_logged(spec) : Status{};
  const std::string why = end->output.empty() ? "the recorder failed" : end->output;
  return fail(Code::policy, "cannot record what the container uses: " + why, instead);
}

void mark_as_entered() {
  if (const auto login = open_at(AT_FDCWD, "/proc/self/loginuid", O_WRONLY))
    static_cast<void>(write_all(login->get(), std::to_string(entered_login), "the login id"));
}

}  // namespace hardened::runtime
