#include <sys/stat.h>

#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

host::PathFact program(const std::string& resolved, uid_t owner = 0, bool root_controlled = true,
                       mode_t type = S_IFREG) {
  host::PathFact fact;
  fact.exists = true;
  fact.resolved = resolved;
  fact.mode = type | 0755;
  fact.owner = owner;
  fact.root_controlled = root_controlled;
  return fact;
}

Facts host_facts() {
  Facts facts;
  facts.paths = {{"/proc/3330/exe", program("/usr/sbin/dockerd")},
                 {"/proc/4000/exe", program("/usr/bin/python3.11")},
                 {"/proc/5000/exe", program("/home/eve/dockerd", 1000, false)},
                 {"/proc/1/root/tmp/exe", program("/tmp/dockerd")},
                 {"/usr/bin/nvidia-ctk", program("/usr/bin/nvidia-ctk")},
                 {"/usr/bin/nvidia-cdi-hook", program("/usr/bin/nvidia-cdi-hook", 0, false)},
                 {"/usr/libexec/site/hook", program("/usr/libexec/site/hook")},
                 {"/usr/libexec/site/dir", program("/usr/libexec/site/dir", 0, true, S_IFDIR)},
                 {"/usr/libexec/site/eve", program("/usr/libexec/site/eve", 1000, false)},
                 {"/usr/libexec/site/../../../tmp/x", program("/tmp/x")},
                 {"hook", program("/usr/libexec/site/hook")}};
  return facts;
}

Lines judged(const std::string& stage, const std::string& path, const std::vector<std::string>& args = {}) {
  Policy policy;
  policy.profile.hooks = {"/usr/libexec/site/*"};
  const Json hook = {{"path", path}, {"args", args}, {"env", {"PATH=/bin"}}};
  return try_control(hooks, Json{{"hooks", {{stage, Json::array({hook})}}}}.dump(), policy, host_facts()).lines;
}

const std::vector<std::string> setkey = {"libnetwork-setkey", "-exec-root=/var/run/docker", "id", "key"};

}  // namespace

TEST_CASE("hooks: Docker's network hook, and nothing that looks like it") {
  CHECK(judged("prestart", "/proc/3330/exe", setkey).empty());
  const Lines refused = {"refuse /proc/3330/exe"};
  CHECK(judged("prestart", "/proc/3330/exe", {"dockerd", "libnetwork-setkey"}) == refused);
  CHECK(judged("prestart", "/proc/3330/exe") == refused);
  CHECK(judged("poststop", "/proc/3330/exe", setkey) == refused);
  CHECK(judged("createRuntime", "/proc/3330/exe", setkey) == refused);
  for (const char* path :
       {"/proc/4000/exe", "/proc/5000/exe", "/proc/9999/exe", "/proc/1/root/tmp/exe", "/proc/self/exe", "/proc//exe"}) {
    CAPTURE(path);
    CHECK(judged("prestart", path, setkey) == Lines{std::string("refuse ") + path});
  }
}

TEST_CASE("hooks: device hooks and the profile's, when only root can change them") {
  CHECK(judged("prestart", "/usr/bin/nvidia-ctk").empty());
  CHECK(judged("createContainer", "/usr/bin/nvidia-ctk").empty());
  CHECK(judged("poststart", "/usr/libexec/site/hook").empty());
  for (const char* path : {"/usr/bin/nvidia-cdi-hook", "/usr/bin/nvidia-container-runtime-hook",
                           "/usr/libexec/site/dir", "/usr/libexec/site/eve", "/usr/libexec/site/missing",
                           "/usr/libexec/site/../../../tmp/x", "hook", "/usr/bin/true", ""}) {
    CAPTURE(path);
    CHECK(judged("createRuntime", path) == Lines{std::string("refuse ") + path});
  }
}

TEST_CASE("hooks: inside the container only what the profile lists") {
  CHECK(judged("startContainer", "/usr/libexec/site/anything").empty());
  CHECK(judged("startContainer", "/usr/bin/nvidia-ctk") == Lines{"refuse /usr/bin/nvidia-ctk"});
  CHECK(judged("startContainer", "/usr/libexec/site/../x") == Lines{"refuse /usr/libexec/site/../x"});
}

TEST_CASE("hooks: one without an environment gets a minimal one before the container's could reach it") {
  const std::string text = R"({"hooks":{
      "prestart":[{"path":"/usr/bin/nvidia-ctk"},{"path":"/usr/bin/nvidia-ctk","env":["A=1"]},{"path":"/usr/bin/evil","env":[]}],
      "createContainer":[{"path":"/usr/bin/nvidia-ctk","env":null}],
      "poststop":[{"path":"/usr/bin/nvidia-ctk"}]}})";
  const std::string env = R"(/env ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])";
  CHECK(try_control(hooks, text, Policy{}, host_facts()).lines ==
        Lines{"tighten /hooks/prestart/0" + env, "refuse /usr/bin/evil", "tighten /hooks/prestart/2" + env,
              "tighten /hooks/createContainer/0" + env});
}

TEST_CASE("hooks: a trusted program with an environment that makes it run other code") {
  const auto with_env = [](const std::string& variable) {
    const Json hook = {{"path", "/usr/bin/nvidia-ctk"}, {"env", {"PATH=/bin", variable}}};
    return try_control(hooks, Json{{"hooks", {{"prestart", Json::array({hook})}}}}.dump(), Policy{}, host_facts())
        .lines;
  };
  CHECK(with_env("NVIDIA_VISIBLE_DEVICES=all").empty());
  CHECK(with_env("OLD_LD_PRELOAD=/tmp/x.so").empty());
  CHECK(with_env("LD_PRELOAD=/tmp/x.so") == Lines{"refuse LD_PRELOAD"});
  CHECK(with_env("LD_AUDIT") == Lines{"refuse LD_AUDIT"});
  CHECK(with_env("BASH_ENV=/tmp/x") == Lines{"refuse BASH_ENV"});
}

TEST_CASE("hooks: the specs Docker hands over") {
  const Tried tried = try_control(hooks, engine_spec("docker-default.json"), Policy{}, host_facts());
  CHECK(tried.lines == Lines{R"(tighten /hooks/prestart/0/env ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"])"});
  CHECK(try_control(hooks, engine_spec("docker-default.json")).lines.front() == "refuse /proc/3330/exe");
  CHECK(try_control(hooks, engine_spec("docker-privileged.json")).lines.empty());
}
