// create and run: the spec in the bundle is judged, rewritten, and handed to the low-level runtime.
#include <unistd.h>

#include "controls/engine.h"
#include "host/probe.h"
#include "host/workload.h"
#include "oci/bundle.h"
#include "policy/load.h"
#include "rootfs/prepare.h"
#include "runtime/known_names.h"
#include "runtime/story.h"
#include "util/clock.h"

namespace hardened::runtime {
namespace {

// Only a namespace of a container that we granted something counts as "one of ours"; the probe can only guess an id.
Status confirm_peers(Facts& facts, const std::string& root) {
  for (auto& [path, fact] : facts.namespaces) {
    if (!fact.container) continue;
    TRY(peer, state::load(root, *fact.container));
    if (!peer) fact.container.reset();
  }
  return {};
}

state::Grant grant_for(const Call& call, const Policy& policy, const Facts& facts, const Spec& spec) {
  state::Grant grant;
  grant.runtime_root = runtime_root(call.invocation, facts.runtime.kind);
  grant.id = call.invocation.id();
  grant.runtime = facts.runtime.path;
  grant.image = facts.workload.image;
  grant.engine = facts.workload.engine;
  grant.policy_digest = policy.digest;
  grant.mode = policy.mode;
  grant.levels = policy.levels;
  grant.waivers = policy.waivers;
  grant.audit = policy.audit;
  grant.profile = policy.profile.document;
  grant.process = spec.value("/process").value_or(Json::object());
  grant.resources = spec.value("/linux/resources").value_or(Json::object());
  return grant;
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

Result<Handover> create(const Call& call, Account& account) {
  const std::string id = call.invocation.id();
  TRY(bundle, oci::Bundle::open(call.invocation.flag("bundle")));
  TRY(workload, host::identify(bundle.spec(), id, call.invocation.global("root")));
  TRY(policy, policy::load(workload.workload, call.program, utc_today(), known_names()));
  introduce(account, workload.workload, policy);
  TRY(runtime, choose_runtime(policy));
  TRY(probe, host::probe(bundle.spec(), {host::Operation::create, workload, runtime, bundle.path(), bundle.unknown_members()}));
  const std::string root = runtime_root(call.invocation, probe.facts.runtime.kind);
  TRY_DO(confirm_peers(probe.facts, root));

  TRY(judgement, controls::harden(Spec(bundle.spec()), policy, probe.facts));
  note(account, judgement);
  TRY_DO(stop_if_refused(judgement, policy));

  Spec spec = judgement.spec;
  if (policy.mode == policy::Mode::enforce) {
    TRY(changes, rootfs::prepare(spec, probe, policy.profile, root, id));
    for (const Change& change : changes) TRY_DO(spec.apply(change));
  }
  TRY_DO(state::store(grant_for(call, policy, probe.facts, spec)));
  TRY_DO(write_record(account));
  TRY_DO(bundle.store(spec.document()));
  return Handover{runtime, {call.argv.begin(), call.argv.end()}, Fd{}};
}

}  // namespace hardened::runtime
