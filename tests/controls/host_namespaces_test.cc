#include "try_control.h"

using namespace hardened;
using namespace hardened::controls;

namespace {

const Json all = Json::parse(
    R"([{"type":"mount"},{"type":"network"},{"type":"uts"},{"type":"pid"},{"type":"ipc"},{"type":"cgroup"}])");

Facts facts(Engine engine = Engine::docker) {
  Facts result;
  result.workload.engine = engine;
  const auto add = [&](const std::string& path, bool host, std::optional<std::string> container = {}) {
    result.namespaces[path] = {{}, host, host, std::move(container), {}};
  };
  add("/var/run/docker/netns/default", true);
  add("/proc/1/ns/pid", true);
  add("/proc/1/ns/mnt", true);
  add("/proc/70/ns/net", false, "ours");
  add("/proc/70/ns/ipc", false, "ours");
  add("/proc/99/ns/net", false);
  add("/proc/99/ns/ipc", false);
  add("/run/../proc/99/ns/net", false);
  add("/var/run/netns/cni-1", false);
  add("/var/run/ipcns/1", false);
  return result;
}

Spec with(const Json& namespaces) {
  return Spec(Json{{"linux", {{"namespaces", namespaces}}}});
}

Json without(const std::string& type) {
  Json result = Json::array();
  for (const Json& element : all) {
    if (element["type"] != type) result.push_back(element);
  }
  return result;
}

Json joined(const std::string& type, const std::string& path) {
  Json result = without(type);
  result.push_back({{"type", type}, {"path", path}});
  return result;
}

Lines judged(const Json& namespaces, const Facts& given = facts(), std::vector<std::string> granted = {}) {
  Policy policy;
  policy.profile.namespaces = std::move(granted);
  return try_control(host_namespaces, with(namespaces), policy, given).lines;
}

std::string own(const std::string& type) {
  return "/linux/namespaces/- {\"type\":\"" + type + "\"}";
}

}  // namespace

TEST_CASE("host-namespaces: private ones stay, whatever comes beside them") {
  CHECK(judged(all).empty());
  Json more = all;
  more.push_back({{"type", "user"}});
  more.push_back({{"type", "time"}});
  CHECK(judged(more).empty());
  CHECK(judged(joined("network", "")).empty());
}

TEST_CASE("host-namespaces: what the engine left out is added") {
  CHECK(judged(without("cgroup")) == Lines{"tighten " + own("cgroup")});
  CHECK(judged(without("uts"), facts(Engine::containerd)) == Lines{"tighten " + own("uts")});
  CHECK(judged(without("cgroup"), facts(), {"cgroup"}).empty());
  CHECK(judged(without("uts"), facts(Engine::cri_o), {"uts"}).empty());
}

TEST_CASE("host-namespaces: the host's ones are what the user asked for") {
  CHECK(judged(without("pid")) == Lines{"excess pid " + own("pid")});
  CHECK(judged(without("ipc")) == Lines{"excess ipc " + own("ipc")});
  CHECK(judged(without("uts")) == Lines{"excess uts " + own("uts")});
  CHECK(judged(without("uts"), facts(Engine::podman)) == Lines{"excess uts " + own("uts")});
  CHECK(judged(without("network")) == Lines{"refuse network"});
  CHECK(judged(without("mount")) == Lines{"excess mount " + own("mount")});
  CHECK(judged(joined("network", "/var/run/docker/netns/default")) == Lines{"refuse network"});
  CHECK(judged(joined("pid", "/proc/1/ns/pid")) == Lines{"excess pid /linux/namespaces/5/path gone"});
  CHECK(judged(joined("mount", "/proc/1/ns/mnt")) == Lines{"excess mount /linux/namespaces/5/path gone"});
}

TEST_CASE("host-namespaces: a profile may grant them, but never the mount namespace") {
  CHECK(judged(without("pid"), facts(), {"pid"}).empty());
  CHECK(judged(without("network"), facts(), {"network"}).empty());
  CHECK(judged(joined("network", "/var/run/docker/netns/default"), facts(), {"network"}).empty());
  CHECK(judged(joined("pid", "/proc/1/ns/pid"), facts(), {"pid"}).empty());
  CHECK(judged(without("mount"), facts(), {"mount"}).size() == 1);
  CHECK(judged(without("pid"), facts(), {"network"}).size() == 1);
}

TEST_CASE("host-namespaces: those of our containers and of the engine may be joined, others not") {
  CHECK(judged(joined("network", "/proc/70/ns/net")).empty());
  CHECK(judged(joined("ipc", "/proc/70/ns/ipc")).empty());
  CHECK(judged(joined("network", "/var/run/netns/cni-1"), facts(Engine::containerd)).empty());
  CHECK(judged(joined("ipc", "/var/run/ipcns/1"), facts(Engine::cri_o)).empty());
  CHECK(judged(joined("ipc", "/var/run/ipcns/1")) == Lines{"refuse /var/run/ipcns/1"});
  CHECK(judged(joined("network", "/proc/99/ns/net")) == Lines{"refuse /proc/99/ns/net"});
  CHECK(judged(joined("ipc", "/proc/99/ns/ipc"), facts(Engine::cri_o)) == Lines{"refuse /proc/99/ns/ipc"});
  CHECK(judged(joined("network", "/run/../proc/99/ns/net")) == Lines{"refuse /run/../proc/99/ns/net"});
  CHECK(judged(joined("network", "/proc/123/ns/net")) == Lines{"refuse /proc/123/ns/net"});  // nothing known of it
}

TEST_CASE("host-namespaces: malformed lists are refused") {
  Json twice = all;
  twice.push_back({{"type", "pid"}, {"path", "/proc/1/ns/pid"}});
  CHECK(judged(twice) == Lines{"refuse pid", "excess pid /linux/namespaces/6/path gone"});
  Json unknown = all;
  unknown.push_back({{"type", "Network"}});
  unknown.push_back({{"path", "/proc/1/ns/net"}});
  unknown.push_back({{"type", nullptr}});
  CHECK(judged(unknown) == Lines{"refuse Network", "refuse ", "refuse "});
  CHECK(judged(Json::array()) == Lines{"refuse all"});
  CHECK(try_control(host_namespaces, R"({"linux":{}})").lines == Lines{"refuse all"});
}

TEST_CASE("host-namespaces: the specs Docker hands over") {
  CHECK(try_control(host_namespaces, engine_spec("docker-default.json"), Policy{}, facts()).lines ==
        Lines{"tighten " + own("cgroup")});
  CHECK(try_control(host_namespaces, engine_spec("docker-privileged.json"), Policy{}, facts()).lines ==
        Lines{"excess pid " + own("pid"), "refuse network", "tighten " + own("cgroup")});
}
