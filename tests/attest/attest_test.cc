#include "attest/attest.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "catch.h"
#include "processes.h"
#include "runtime/command_line.h"
#include "state/store.h"
#include "temporary.h"

using namespace hardened;

namespace {

// A runtime's record of a container whose first process is a child of this one: nothing of ours is enforced on it.
class Host {
 public:
  Host() : child_(testing::start([] { return ::pause() != 0; })) {
    REQUIRE(::mkdir(root().c_str(), 0700) == 0);
    REQUIRE(::mkdir((root() + "/web").c_str(), 0700) == 0);
    record("{\"init_process_pid\":" + std::to_string(child_) + "}");
    settings_.state = directory_.path("state");
    settings_.audit = {.log = directory_.path("log") + "/audit.jsonl",
                       .state = settings_.state,
                       .syslog = directory_.path("no-syslog")};
    settings_.looks = {2, std::chrono::milliseconds(1)};
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    if (child_ > 0) testing::kill_and_reap(child_);
  }

  void record(const std::string& text) const {
    testing::write_text(root() + "/web/state.json", text);
    REQUIRE(::chmod((root() + "/web/state.json").c_str(), 0600) == 0);
  }

  void grant(policy::Mode mode) const {
    state::Grant grant;
    grant.runtime_root = root();
    grant.id = "web";
    grant.runtime = "/usr/sbin/runc";
    grant.image = "nginx";
    grant.engine = "docker";
    grant.mode = mode;
    grant.process = Json::object();
    grant.resources = Json::object();
    grant.profile = {{"name", "strict"}};
    grant.creator = state::this_process().value();
    REQUIRE(state::store(grant, settings_.state));
  }

  [[nodiscard]] Status attest() const {
    const testing::CommandLine call("--root " + root() + " start web");
    return attest::attest(call.invocation, settings_);
  }

  // Did a signal end the first process? Waits for it when it is meant to.
  [[nodiscard]] bool was_killed(bool expected) {
    int status = 0;
    if (::waitpid(child_, &status, expected ? 0 : WNOHANG) != child_) return false;
    child_ = -1;
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  [[nodiscard]] Json last_record() const {
    const std::string log = testing::read_text(settings_.audit.log);
    return Json::parse(log.substr(log.rfind('\n', log.size() - 2) + 1));
  }

 private:
  [[nodiscard]] std::string root() const { return directory_.path("runc"); }

  testing::TemporaryDirectory directory_;
  pid_t child_;
  attest::Settings settings_;
};

}  // namespace

TEST_CASE("attest: what is weaker than granted is killed, told and recorded") {
  Host host;
  host.grant(policy::Mode::enforce);
  const Status attested = host.attest();
  REQUIRE_FALSE(attested);
  CHECK(attested.error().code == Code::refused);
  CHECK(attested.error().message.starts_with(
      "refused by attest: the container was weaker than its grant, and was killed: "));
  CHECK(attested.error().message.find("seccomp: no seccomp filter is in force") != std::string::npos);
  CHECK(attested.error().message.find("host-namespaces: its mount namespace is the host's") != std::string::npos);
  CHECK(host.was_killed(true));
  const Json record = host.last_record();
  CHECK(record["operation"] == "start");
  CHECK(record["verdict"] == "refused");
  CHECK(record["container"] == "web");
  CHECK(record["image"] == "nginx");
  CHECK(record["profile"] == "strict");
  CHECK(
      record["message"].get<std::string>().starts_with(attested.error().message.substr(0, 500)));  // long ones are cut
}

TEST_CASE("attest: where nothing was promised nothing is weaker") {
  Host host;
  host.grant(policy::Mode::audit);
  CHECK(host.attest());
  CHECK_FALSE(host.was_killed(false));
}

TEST_CASE("attest: without a grant there is nothing to compare with, and the container is killed") {
  Host host;
  const Status attested = host.attest();
  REQUIRE_FALSE(attested);
  CHECK(attested.error().message == "cannot attest the container, and killed it: cannot find the container's grant");
  CHECK(host.was_killed(true));
  CHECK(host.last_record()["verdict"] == "failed");
}

TEST_CASE("attest: a container that the runtime keeps no readable record of is an error") {
  Host host;
  host.grant(policy::Mode::enforce);
  for (const char* text : {"", "{", "{}", R"({"init_process_pid":"1"})"}) {
    INFO(text);
    host.record(text);
    const Status attested = host.attest();
    REQUIRE_FALSE(attested);
    CHECK(attested.error().message.starts_with("cannot attest the container, nor kill it: "));
  }
  CHECK_FALSE(host.was_killed(false));
}

TEST_CASE("attest: a container that has ended is as it should be") {
  Host host;
  host.grant(policy::Mode::enforce);
  const pid_t gone = testing::start([] { return true; });
  REQUIRE(testing::succeeded(gone));
  host.record("{\"init_process_pid\":" + std::to_string(gone) + "}");
  CHECK(host.attest());
  CHECK_FALSE(host.was_killed(false));
}
