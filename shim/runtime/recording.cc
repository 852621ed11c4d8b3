#include "runtime/recording.h"

#include <fmt/format.h>
#include <unistd.h>

#include "host/overlay.h"
#include "util/child.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

constexpr ChildLimits limits{std::chrono::seconds(30), 4096};
constexpr char instead[] = "run the container under hardened-compat, which records nothing";

std::string version_text(const host::RuntimeFact& runtime) {
  const char* name = runtime.kind == host::RuntimeKind::crun ? "crun" : "runc";
  return fmt::format("{} {}.{}.{}", name, runtime.major, runtime.minor, runtime.patch);
}

Json expected(const state::Grant& grant, const Spec& spec, const host::Probe& probe) {
  Json mounts = Json::array();
  for (const Json& mount : spec.elements("/mounts")) mounts.push_back(oci::text(mount, "/destination").value_or(""));
  const std::string upper = probe.root_options.empty() ? "" : host::parse_overlay(probe.root_options, "").upper;
  return {{"container", grant.id},
          {"runtime_root", grant.runtime_root},
          {"creator", state::format_process(grant.creator)},
          {"image", grant.image},
          {"image_digest", probe.facts.workload.image_digest},
          {"engine", grant.engine},
          {"stop_signal", probe.facts.workload.stop_signal},
          {"runtime", version_text(probe.facts.runtime)},
          {"profile", Spec(grant.profile).text("/name").value_or("")},
          {"upper", upper},
          {"mounts", std::move(mounts)}};
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

Status expect_recording(const state::Grant& grant, const Spec& spec, const host::Probe& probe) {
  TRY(document, sealed_document("expected", expected(grant, spec, probe).dump()));
  if (::lseek(document.get(), 0, SEEK_SET) != 0) return fail(Code::io, "cannot rewind an anonymous file");
  const auto end = run_child(paths::recorder, {"expect"}, document.get(), limits);
  if (!end)
    return fail(Code::policy, "cannot record what the container uses: " + end.error().message,
                std::string("install hardened with training mode, or ") + instead);
  if (end->status == 0) return {};
  const std::string why = end->output.empty() ? "the recorder failed" : end->output;
  return fail(Code::policy, "cannot record what the container uses: " + why, instead);
}

}  // namespace hardened::runtime
