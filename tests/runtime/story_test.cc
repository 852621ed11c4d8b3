// What create, exec, update and restore share.
#include "runtime/story.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "catch.h"
#include "controls/controls.h"
#include "policy/load.h"
#include "runtime/command_line.h"
#include "runtime/known_names.h"
#include "temporary.h"
#include "util/file.h"

using namespace hardened;
using hardened::testing::CommandLine;
using hardened::testing::TemporaryDirectory;

namespace {

state::Grant example_grant() {
  state::Grant grant;
  grant.runtime = "/usr/sbin/runc";
  grant.profile = policy::built_in("compat", runtime::known_names()).value().document;
  grant.process =
      Json::parse(R"({"capabilities": {"bounding": ["CAP_CHOWN"], "effective": ["CAP_CHOWN", "CAP_KILL"]}})");
  grant.levels["pids"] = policy::Level::clamp;
  grant.waivers = {{"sensitive-mounts", {"/srv/*"}, "because"}};
  grant.mode = policy::Mode::audit;
  grant.policy_digest = "digest";
  grant.audit.refuse_when_unwritable = true;
  grant.engine = "podman";
  grant.image = "image:1";
  return grant;
}

controls::Judgement judged(controls::Outcome outcome) {
  controls::Judgement judgement{Spec(Json::object()), {}};
  controls::Finding finding;
  finding.kind = controls::Kind::excess;
  finding.reason = "too much";
  judgement.decisions.push_back({&controls::pids, outcome, finding, {}});
  return judgement;
}

}  // namespace

TEST_CASE("grant: a container lives under the policy of its create, with no capability beyond what create gave") {
  const auto policy = runtime::granted_policy(example_grant());
  REQUIRE(policy);
  CHECK(policy->profile.name == "compat");
  CHECK(policy->profile.capabilities == std::vector<std::string>{"CAP_CHOWN"});
  CHECK(policy->level("pids") == policy::Level::clamp);
  CHECK(policy->level("cpu") == policy::Level::enforce);
  CHECK(policy->waivers == example_grant().waivers);
  CHECK(policy->mode == policy::Mode::audit);
  CHECK(policy->digest == "digest");
  CHECK(policy->audit.refuse_when_unwritable);
}

TEST_CASE("grant: a grant without a bounding set gives no capability at all") {
  for (const char* process :
       {"{}", R"({"capabilities": {}})", R"({"capabilities": {"effective": ["CAP_KILL"]}})", "null"}) {
    INFO(process);
    state::Grant grant = example_grant();
    grant.process = Json::parse(process);
    const auto policy = runtime::granted_policy(grant);
    REQUIRE(policy);
    CHECK(policy->profile.capabilities.empty());
  }
}

TEST_CASE("grant: who deletes our state regains nothing") {
  const auto policy = runtime::granted_policy(std::nullopt);
  REQUIRE(policy);
  CHECK(policy->profile.name == "strict");
  CHECK(policy->profile.capabilities.empty());
  CHECK(policy->mode == policy::Mode::enforce);
  CHECK(policy->levels.empty());
  CHECK(policy->waivers.empty());
}

TEST_CASE("grant: a profile that cannot be read is an error, not a default") {
  state::Grant grant = example_grant();
  grant.profile = Json::parse(R"({"name": 1})");
  CHECK_FALSE(runtime::granted_policy(grant));
}

TEST_CASE("state: the directory a runtime keeps its containers in is the one of --root, or its own") {
  const CommandLine plain("create --bundle /b ID");
  const CommandLine rooted("--root /run/docker/runtime-runc/moby create ID");
  CHECK(runtime::runtime_root(plain.invocation, host::RuntimeKind::runc) == "/run/runc");
  CHECK(runtime::runtime_root(plain.invocation, host::RuntimeKind::crun) == "/run/crun");
  CHECK(runtime::runtime_root(plain.invocation, host::RuntimeKind::other) == "/run/runc");
  CHECK(runtime::runtime_root(rooted.invocation, host::RuntimeKind::crun) == "/run/docker/runtime-runc/moby");
}

TEST_CASE("runtime: the first of the policy's that can be run is taken, and nothing else") {
  const TemporaryDirectory directory;
  const std::string runc = directory.path("runc");
  const std::string plain = directory.path("plain");
  testing::write_text(runc, "#!/bin/true\n");
  testing::write_text(plain, "");
  ::chmod(runc.c_str(), 0755);
  ::chmod(plain.c_str(), 0644);
  Policy policy;
  policy.runtimes = {directory.path("missing"), directory.path(), plain, "runc", "/proc/self/exe", runc};
  CHECK(runtime::choose_runtime(policy) == runc);
  policy.runtimes.pop_back();
  const auto none = runtime::choose_runtime(policy);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == Code::policy);
  CHECK(none.error().message.find(plain) != std::string::npos);
}

TEST_CASE("refusal: it ends the call, but not where the policy only watches") {
  Policy policy;
  runtime::Account account;
  const auto noted = [&](controls::Outcome outcome) {
    controls::Judgement judgement = judged(outcome);
    return runtime::note(account, judgement, policy);
  };
  const Status refused = noted(controls::Outcome::refused);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Code::refused);
  CHECK(refused.error().message.starts_with("refused by pids: too much"));
  for (const controls::Outcome outcome :
       {controls::Outcome::enforced, controls::Outcome::clamped, controls::Outcome::warned, controls::Outcome::waived})
    CHECK(noted(outcome));
  policy.mode = policy::Mode::audit;
  CHECK(noted(controls::Outcome::refused));
}

TEST_CASE("account: the record says whose call it is, and what was decided") {
  const std::optional<state::Grant> grant = example_grant();
  const auto policy = runtime::granted_policy(grant);
  REQUIRE(policy);
  runtime::Account account;
  runtime::introduce(account, grant, *policy);
  controls::Judgement judgement = judged(controls::Outcome::warned);
  REQUIRE(runtime::note(account, judgement, *policy));
  CHECK(account.record.engine == "podman");
  CHECK(account.record.image == "image:1");
  CHECK(account.record.profile == "compat");
  CHECK(account.record.policy == "digest");
  CHECK(account.record.mode == policy::Mode::audit);
  CHECK(account.settings.refuse_when_unwritable);
  CHECK(account.record.decisions.size() == 1);
  runtime::Account unknown;
  runtime::introduce(unknown, std::nullopt, *policy);
  CHECK(unknown.record.engine.empty());
  CHECK(unknown.record.profile == "compat");
}

TEST_CASE("document: what was judged is what the runtime reads; nobody can change it in between") {
  const auto document = runtime::sealed_document("process", R"({"args": ["sh"]})");
  REQUIRE(document);
  const std::string path = runtime::document_path(*document);
  CHECK(testing::read_text(path) == R"({"args": ["sh"]})");
  CHECK(testing::read_text(path) == R"({"args": ["sh"]})");  // from its start, however often it is opened
  CHECK(::write(document->get(), "x", 1) < 0);
  CHECK(::ftruncate(document->get(), 0) < 0);
  const int again = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  CHECK((again < 0 || ::write(again, "x", 1) < 0));
  if (again >= 0) ::close(again);
  CHECK((::fcntl(document->get(), F_GETFD) & FD_CLOEXEC) != 0);
  // Above the descriptors --preserve-fds would hand to the container.
  CHECK(document->get() > 1024);
}
