#include "runtime/needed_paths.h"

#include <algorithm>

#include "catch.h"
#include "command_line.h"

using namespace hardened;
using hardened::testing::CommandLine;
using runtime::needed_paths;

namespace {

state::Grant granted() {
  state::Grant grant;
  grant.runtime = "/usr/sbin/runc";
  grant.runtime_root = "/run/docker/runtime-runc/moby";
  return grant;
}

bool lists(const std::vector<std::string>& paths, const char* path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

Json hook(const char* path, const Json& args) {
  return {{"path", path}, {"args", args}};
}

}  // namespace

TEST_CASE("needed paths: the runtime, its state, what the command line and the namespaces name") {
  const Spec spec(Json{
      {"linux",
       {{"namespaces", Json::array({Json{{"type", "network"}, {"path", "/run/netns/a"}}, Json{{"type", "pid"}}})}}}});
  const CommandLine line("--log /l/log.json create --bundle /b --pid-file /b/pid --pidfd-socket /s/pidfd c");
  const auto found = needed_paths(line.invocation, spec, host::RuntimeKind::runc, granted());
  REQUIRE(found);
  for (const char* path :
       {"/usr/sbin/runc", "/run/docker/runtime-runc/moby", "/l/log.json", "/b", "/b/pid", "/s/pidfd", "/run/netns/a"})
    CHECK(lists(*found, path));
  CHECK_FALSE(lists(*found, ""));
  const CommandLine crun("--log file:/l/log.json create --bundle /b c");
  CHECK(lists(*needed_paths(crun.invocation, spec, host::RuntimeKind::crun, granted()), "/l/log.json"));
}

TEST_CASE("needed paths: cannot be told where a mount names paths in its options") {
  const CommandLine line("create --bundle /b c");
  const auto with = [&line](const Json& mount) {
    return needed_paths(line.invocation, Spec(Json{{"mounts", Json::array({mount})}}), host::RuntimeKind::runc,
                        granted())
        .has_value();
  };
  CHECK(with({{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}}));
  CHECK(with({{"destination", "/d"}, {"source", "/d"}, {"options", {"rbind"}}}));
  CHECK_FALSE(with({{"destination", "/d"}, {"type", "overlay"}, {"options", {"lowerdir=/data/a:/data/b"}}}));
}

TEST_CASE("needed paths: cannot be told where a hook reads who knows what; dockerd's own only asks for its socket") {
  const CommandLine line("create --bundle /b c");
  const auto with = [&line](const Json& hooks) {
    return needed_paths(line.invocation, Spec(Json{{"hooks", hooks}}), host::RuntimeKind::crun, granted()).has_value();
  };
  const Json own = hook("/proc/4711/exe", {"libnetwork-setkey", "-exec-root=/run/docker", "c", "n"});
  const Json other = hook("/usr/bin/device-hook", {"device-hook", "prestart"});
  CHECK_FALSE(needed_paths(line.invocation, Spec(Json::object()), host::RuntimeKind::other, granted()));
  CHECK(with(Json::object()));
  CHECK(with({{"prestart", Json::array({own})}, {"poststart", Json::array()}}));
  const auto found = needed_paths(line.invocation, Spec(Json{{"hooks", {{"prestart", Json::array({own})}}}}),
                                  host::RuntimeKind::crun, granted());
  CHECK(lists(*found, "/proc/4711/exe"));
  CHECK_FALSE(with({{"prestart", Json::array({own, other})}}));
  CHECK_FALSE(with({{"createRuntime", Json::array({other})}}));
  CHECK_FALSE(with({{"createRuntime", Json::array({hook("/x", Json::array())})}}));
}
