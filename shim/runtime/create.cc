// create and run: the spec in the bundle is judged, rewritten, and handed to the low-level runtime.
#include <unistd.h>

#include "controls/engine.h"
#include "controls/writable_paths.h"
#include "host/destinations.h"
#include "host/probe.h"
#include "host/runtime_version.h"
#include "oci/bundle.h"
#include "policy/load.h"
#include "rootfs/prepare.h"
#include "runtime/handover.h"
#include "runtime/judge.h"
#include "runtime/known_names.h"
#include "runtime/needed_paths.h"
#include "runtime/network_settings.h"
#include "runtime/recording.h"
#include "runtime/story.h"
#include "runtime/users.h"
#include "state/store.h"
#include "util/clock.h"
#include "util/paths.h"

namespace hardened::runtime {
namespace {

// Only a namespace of a container that we granted something counts as "one of ours"; the probe can only guess an id.
Status confirm_peers(Facts& facts, const std::string& root) {
  for (auto& [path, fact] : facts.namespaces) {
    if (!fact.container) continue;
    TRY(peer, state::load(root, *fact.container));
    if (peer) {
      fact.ids = peer->ids;
    } else {
      fact.container.reset();
    }
  }
  return {};
}

const char* stand_in_of(const Profile& profile) {
  if (profile.training) return paths::recorder;
  return profile.attest ? paths::attester : "";
}

// Between the grant and the start there has to be a moment to stand in, and one program that does.
Status check_attestable(const Profile& profile, const Call& call) {
  if (!profile.attest) return {};
  if (profile.training)
    return fail(Code::policy, "cannot attest a container that is recorded",
                R"(leave "attest" out of the training profile)");
  if (call.invocation.verb_name == "run")
    return fail(Code::usage, R"(cannot attest a container that "run" makes and starts at once)",
                "use create and start");
  if (is_usable_runtime(paths::attester)) return {};
  return fail(Code::policy, std::string("cannot attest the container: ") + paths::attester + " is missing",
              R"(install hardened whole, or take "attest" out of the profile)");
}

// A grant that names no place where its container is would be swept, and its host ids be given to another one.
Status check_root(const Invocation& invocation, const host::RuntimeFact& runtime) {
  if (runtime.kind != host::RuntimeKind::other || !invocation.global("root").empty()) return {};
  return fail(Code::io, "cannot tell whether " + runtime.path + " is runc or crun, nor where it keeps its containers",
              "see what `" + runtime.path + " --version` says, or name the place by --root");
}

Result<state::Grant> grant_for(const Call& call, const Policy& policy, const Facts& facts, const Spec& spec) {
  TRY(creator, state::this_process());
  state::Grant grant;
  grant.creator = creator;
  grant.runtime_root = runtime_root(call.invocation, facts.runtime.kind);
  grant.id = call.invocation.id();
  grant.runtime = facts.runtime.path;
  grant.stand_in = stand_in_of(policy.profile);
  grant.image = facts.workload.image;
  grant.building = facts.workload.building;
  grant.approved = !policy.images.empty();
  grant.engine = engine_name(facts.workload.engine);
  grant.policy_digest = policy.digest;
  grant.mode = policy.mode;
  grant.levels = policy.levels;
  grant.waivers = policy.waivers;
  grant.audit = policy.audit;
  grant.profile = policy.profile.document;
  grant.process = spec.value("/process").value_or(Json::object());
  grant.ids = facts.ids;
  grant.resources = spec.value("/linux/resources").value_or(Json::object());
  return grant;
}

// From here on there is a grant: mounts, record, spec, in this order, so that config.json changes last.
Status hand_on(const oci::Bundle& bundle, Spec spec, const host::Probe& probe, const Policy& policy,
               const rootfs::OwnUsers* users, const state::Grant& grant, const Call& call, Account& account) {
  if (policy.profile.training) TRY_DO(expect_recording(grant, spec, probe, policy.profile.recorder));
  if (policy.mode == policy::Mode::enforce) {
    const rootfs::Places places{paths::state, std::string(paths::state) + "/mounts",
                                state::grant_directory(paths::state, grant.runtime_root, grant.id) + "/root",
                                needed_paths(call.invocation, spec, probe.facts.runtime.kind, grant)};
    TRY(changes, rootfs::prepare(spec, probe, policy.profile, places, users));
    TRY(written, write_network_settings(spec, probe.facts));
    changes.insert(changes.end(), written.begin(), written.end());
    for (const Change& change : changes) TRY_DO(spec.apply(change));
  }
  TRY_DO(write_record(account));
  TRY_DO(bundle.store(spec.document()));
  // Only a help for calls that name no container; they find a runtime without it, too.
  (void)state::remember_runtime(grant.runtime);
  return {};
}

void introduce(Account& account, const Workload& workload, const Policy& policy) {
  account.record.engine = engine_name(workload.engine);
  account.record.image = workload.image;
  account.record.profile = policy.profile.name;
  account.record.policy = policy.digest;
  account.record.mode = policy.mode;
  account.settings = policy.audit;
}

}  // namespace

Result<Judged> judge(const Call& call, oci::Bundle& bundle, const Terms& terms, Account& account) {
  TRY(probe,
      host::probe(bundle.spec(), {.operation = host::Operation::create,
                                  .id = call.invocation.id(),
                                  .runtime_path = {},  // the policy names it, and the policy depends on the workload
                                  .runtime_root = call.invocation.global("root"),
                                  .bundle = bundle.directory()}));
  Facts& facts = probe.facts;
  facts.unknown_members = bundle.unknown_members();
  TRY(policy, policy::load(facts.workload, call.program, utc_today(), known_names(), terms.locations));
  if (terms.profile) policy.profile = *terms.profile;
  introduce(account, facts.workload, policy);
  TRY_DO(check_recordable(policy.profile, call));
  TRY_DO(check_attestable(policy.profile, call));
  TRY(runtime, choose_runtime(policy));
  TRY(version, host::runtime_version(runtime, paths::state));
  facts.runtime = std::move(version);
  const std::string root = runtime_root(call.invocation, facts.runtime.kind);
  TRY_DO(confirm_peers(facts, root));

  Spec spec(bundle.take_spec());
  TRY_DO(host::locate_destinations(spec.document(), controls::writable_places(policy.profile), probe));
  TRY(users, own_users(spec, policy, root, terms.ids, probe));
  TRY(judgement, controls::harden(std::move(spec), policy, facts));
  return Judged{std::move(policy), std::move(probe), runtime, std::move(users), std::move(judgement)};
}

Result<Handover> create(const Call& call, Account& account) {
  TRY(bundle, oci::Bundle::open(call.invocation.flag("bundle")));
  TRY(judged, judge(call, bundle, {}, account));
  auto& [policy, probe, runtime, users, judgement] = judged;
  TRY_DO(note(account, judgement, policy));
  TRY_DO(check_root(call.invocation, probe.facts.runtime));

  TRY(grant, grant_for(call, policy, probe.facts, judgement.spec));
  TRY_DO(state::store(grant));
  const Status handed =
      hand_on(bundle, std::move(judgement.spec), probe, policy, users ? &*users : nullptr, grant, call, account);
  if (!handed) {
    (void)state::remove(grant.runtime_root, grant.id);  // the next create would sweep it anyway
    return tl::unexpected<Error>(handed.error());
  }
  give_streams(probe.facts.ids);
  return Handover{runtime, {call.argv.begin(), call.argv.end()}, Fd{}};
}

}  // namespace hardened::runtime
