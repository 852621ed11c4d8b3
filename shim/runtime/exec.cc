// exec: a new process in a running container is cut down to what the container was granted. dockerd builds it from the
// spec as it was before we rewrote it, so without this `docker exec` brings 14 capabilities back and drops
// no-new-privileges, and `docker exec --privileged` brings all (moby daemon/exec.go).
#include <fcntl.h>
#include <fmt/format.h>

#include <charconv>

#include "host/machine.h"
#include "oci/schema.h"
#include "oci/strict_json.h"
#include "runtime/recording.h"
#include "runtime/story.h"
#include "runtime/users.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

struct Request {
  Json process;
  std::vector<std::string> unknown_members;
  bool from_file = false;
};

Result<Request> read_process(const std::string& path) {
  TRY(file, open_at(AT_FDCWD, path, O_RDONLY | O_NOCTTY | O_NONBLOCK));
  TRY(text, read_all(file.get(), oci::StrictOptions{}.max_bytes, path));
  TRY(document, oci::parse_strict(text, path));
  TRY(unknown, oci::check_shape(document.value, oci::process_shape, path));
  for (std::string& pointer : unknown) pointer = "/process" + pointer;
  return Request{std::move(document.value), std::move(unknown), true};
}

Result<std::uint32_t> id_from(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(Code::usage, "cannot understand the id " + in_quotes(text), "give a number");
  return value;
}

Status set_user(Json& process, const std::string& user) {
  const std::vector<std::string> parts = split(user, ':');
  TRY(uid, id_from(parts[0]));
  process["user"]["uid"] = uid;
  if (parts.size() > 1) {
    TRY(gid, id_from(parts[1]));
    process["user"]["gid"] = gid;
  }
  return {};
}

// The process runc would build from the container's own and the flags (runc exec.go, getProcess).
Result<Request> process_from_flags(const Invocation& invocation, const Json& granted) {
  Json process = granted.is_object() ? granted : Json::object();
  for (const std::string& capability : invocation.all("cap")) {
    for (const char* set : {"bounding", "effective", "permitted"}) process["capabilities"][set].push_back(capability);
  }
  if (invocation.has_flag("no-new-privs")) process["noNewPrivileges"] = invocation.flag("no-new-privs") == "true";
  if (invocation.has_flag("apparmor")) process["apparmorProfile"] = invocation.flag("apparmor");
  if (invocation.has_flag("process-label")) process["selinuxLabel"] = invocation.flag("process-label");
  if (invocation.has_flag("cwd")) process["cwd"] = invocation.flag("cwd");
  for (const std::string& variable : invocation.all("env")) process["env"].push_back(variable);
  if (invocation.has_flag("user")) TRY_DO(set_user(process, invocation.flag("user")));
  for (const std::string& group : invocation.all("additional-gids")) {
    TRY(gid, id_from(group));
    process["user"]["additionalGids"].push_back(gid);
  }
  return Request{std::move(process), {}, false};
}

Result<Facts> facts_for(const Call& call, const std::optional<state::Grant>& grant, const Request& request) {
  Facts facts;
  TRY_DO(host::read_machine(facts));
  facts.operation = host::Operation::exec;
  facts.workload.id = call.invocation.id();
  facts.unknown_members = request.unknown_members;
  if (grant) {
    facts.workload.engine = engine_named(grant->engine);
    facts.workload.image = grant->image;
    facts.granted_process = grant->process;
    facts.ids = grant->ids;
  }
  return facts;
}

// Flags name nothing that could be cut down silently: whatever they add beyond the grant was asked for.
Status refuse_changes(const std::vector<controls::Decision>& decisions, const std::optional<state::Grant>& grant) {
  for (const controls::Decision& decision : decisions) {
    if (decision.outcome != controls::Outcome::enforced && decision.outcome != controls::Outcome::clamped) continue;
    if (!grant)
      return fail(Code::refused,
                  fmt::format("refused by {}: what the container was granted is not known", decision.control->id),
                  "see that its id and --root are right; one that is not of ours is entered with --process FILE");
    return fail(Code::refused,
                fmt::format("refused by {}: the flags ask for more than the container was granted, at {}",
                            decision.control->id, decision.finding.change.pointer),
                "leave the flag out");
  }
  return {};
}

// runc changes to root.path on the host before it enters the container. Where our state was removed under a living one,
// that directory has gone, too; without its grant it still gets an exec without any capability.
void restore_root(const Invocation& invocation) {
  for (const host::RuntimeKind kind : {host::RuntimeKind::runc, host::RuntimeKind::crun}) {
    const std::string root = runtime_root(invocation, kind);
    if (::access((root + "/" + invocation.id()).c_str(), F_OK) == 0)
      static_cast<void>(make_directories(state::grant_directory(paths::state, root, invocation.id()) + "/root", 0711));
  }
}

}  // namespace

Result<Handover> exec(const Call& call, Account& account) {
  TRY(grant, load_grant(call.invocation));
  if (!grant) restore_root(call.invocation);
  TRY(policy, granted_policy(grant));
  introduce(account, grant, policy);
  const std::string file = call.invocation.flag("process");
  TRY(request,
      file.empty() ? process_from_flags(call.invocation, grant ? grant->process : Json()) : read_process(file));

  TRY(facts, facts_for(call, grant, request));
  TRY(judgement, controls::harden(Spec(Json{{"process", request.process}}), policy, facts));
  TRY_DO(note(account, judgement, policy));
  TRY(runtime, runtime_of(call.invocation, grant, policy));
  if (policy.profile.training) mark_as_entered();
  if (!request.from_file) {
    if (policy.mode == policy::Mode::enforce) TRY_DO(refuse_changes(account.record.decisions, grant));
    TRY_DO(write_record(account));
    give_streams(facts.ids);
    return Handover{runtime, {call.argv.begin(), call.argv.end()}, Fd{}};
  }
  TRY(document, sealed_document("process", judgement.spec.elements("/process").dump()));
  TRY_DO(write_record(account));
  give_streams(facts.ids);
  return Handover{runtime, with_flag_value(call.argv, call.invocation, "process", document_path(document)),
                  std::move(document)};
}

}  // namespace hardened::runtime
