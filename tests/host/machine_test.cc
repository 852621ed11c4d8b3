// What the probe says about this machine agrees with what other tools say about it.
#include "host/machine.h"

#include <fstream>
#include <thread>

#include "host/graph_root.h"
#include "host/namespace_facts.h"
#include "host/runtime_version.h"
#include "host/sandbox.h"

using namespace hardened;
using host::RuntimeKind;

TEST_CASE("machine: the facts agree with /proc") {
  Facts facts;
  REQUIRE(host::read_machine(facts));
  const std::string release = sandbox::read_file("/proc/sys/kernel/osrelease");
  const std::string version = std::to_string(facts.kernel_major) + "." + std::to_string(facts.kernel_minor);
  CHECK(release.substr(0, version.size()) == version);
  CHECK(facts.cpus == std::thread::hardware_concurrency());
  std::ifstream meminfo("/proc/meminfo");
  std::string name;
  std::uint64_t kilobytes = 0;
  meminfo >> name >> kilobytes;
  CHECK(facts.memory_total == kilobytes * 1024);
  CHECK(facts.groups.at("shadow") > 0);
  CHECK(facts.cgroup_version == (::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? 2 : 1));
}

TEST_CASE("namespaces: this program's own are the host's, a new one is not, and a name is only a guess") {
  for (const char* type : {"network", "mount", "pid", "ipc", "uts", "user"}) {
    const std::string file = type == std::string("network") ? "net" : type == std::string("mount") ? "mnt" : type;
    INFO(type);
    const auto own = host::namespace_fact(type, "/proc/self/ns/" + file);
    REQUIRE(own);
    CHECK(own->host);
    CHECK_FALSE(own->container.has_value());
    // A user namespace belongs to its parent, and the first of all to none.
    if (file != "user") CHECK(own->hosts_users);
  }
  CHECK_FALSE(host::namespace_fact("network", "/proc/self/ns/uts").value().host);
  const auto missing = host::namespace_fact("network", "/run/netns/missing").value();
  CHECK_FALSE(missing.host);
  CHECK(missing.identity == host::Identity{});
  const std::string parent = "/proc/" + std::to_string(::getpid()) + "/ns/uts";
  sandbox::run([&]() -> std::string {
    EXPECT(::unshare(CLONE_NEWUTS) == 0);
    EXPECT(!host::namespace_fact("uts", parent).value().host);
    EXPECT(host::namespace_fact("uts", "/proc/self/ns/uts").value().host);
    sandbox::write_file("/mnt/joined", "");
    EXPECT(sandbox::bind(parent, "/mnt/joined"));
    EXPECT(host::namespace_fact("uts", "/mnt/joined").value().identity ==
           host::namespace_fact("uts", parent).value().identity);
    EXPECT(!host::namespace_fact("uts", "/mnt/joined").value().container.has_value());
    return {};
  });
}

TEST_CASE("runtime version: asked once for each state of the file, in an empty environment") {
  sandbox::run([]() -> std::string {
    const std::string script = "#!/bin/sh\necho \"$1\" >> /mnt/asked\n[ -z \"$HOME$TERM\" ] || exit 1\n";
    sandbox::write_file("/mnt/runc", script + "echo runc version 1.2.3\n", 0755);
    for (int i = 0; i < 3; ++i) {
      const auto fact = host::runtime_version("/mnt/runc", "/mnt/state").value();
      EXPECT(fact.kind == RuntimeKind::runc && fact.minor == 2 && fact.path == "/mnt/runc");
    }
    EXPECT(sandbox::read_file("/mnt/asked") == "--version\n");
    sandbox::write_file("/mnt/runc", script + "echo runc version 1.4.0\n", 0755);
    EXPECT(host::runtime_version("/mnt/runc", "/mnt/state").value().minor == 4);
    EXPECT(sandbox::read_file("/mnt/asked") == "--version\n--version\n");
    return {};
  });
}

TEST_CASE("runtime version: one that misbehaves is another kind or an error, and does not keep us") {
  sandbox::run([]() -> std::string {
    sandbox::write_file("/mnt/silent", "#!/bin/sh\n", 0755);
    sandbox::write_file("/mnt/endless", "#!/bin/sh\nexec yes nothing\n", 0755);
    sandbox::write_file("/mnt/lingers", "#!/bin/sh\necho crun version 1.8.1\nexec >/dev/null\nwhile :; do :; done\n",
                        0755);
    sandbox::write_file("/mnt/plain", "no program");
    EXPECT(host::runtime_version("/mnt/silent", "/mnt/state").value().kind == RuntimeKind::other);
    sandbox::write_file("/mnt/fails", "#!/bin/sh\nexit 2\n", 0755);
    for (const char* path : {"/mnt/endless", "/mnt/fails", "/mnt/plain", "/mnt/missing"})
      EXPECT(!host::runtime_version(path, "/mnt/state"));
    EXPECT(host::runtime_version("/mnt/lingers", "/mnt/state").value().kind == RuntimeKind::crun);
    // Without a state directory it is asked each time.
    sandbox::write_file("/mnt/runc", "#!/bin/sh\necho runc version 1.2.3\n", 0755);
    EXPECT(host::runtime_version("/mnt/runc", "/mnt/runc/state").value().kind == RuntimeKind::runc);
    return {};
  });
}

TEST_CASE("graph roots: known places, only where nobody but root can exchange them") {
  sandbox::run([]() -> std::string {
    host::Inspector inspector;
    sandbox::make_directory("/var/lib/docker");
    sandbox::make_directory("/mnt/data/overlay2/bae9/merged");
    sandbox::make_directory("/mnt/open/overlay2/bae9/merged");
    EXPECT(::chmod("/mnt/open", 0777) == 0);
    EXPECT(::symlink("/mnt/data", "/var/lib/containerd") == 0);
    const auto roots =
        host::graph_roots(inspector, "/mnt/data/overlay2/bae9/merged", "/var/lib/docker/containers/ID", "");
    EXPECT(roots == std::vector<std::string>{"/var/lib/docker", "/mnt/data"} ||
           roots == std::vector<std::string>{"/var/lib/docker", "/mnt/data", "/run/containerd"} ||
           roots == std::vector<std::string>{"/var/lib/docker", "/run/containerd", "/mnt/data"});
    const auto open = host::graph_roots(inspector, "/mnt/open/overlay2/bae9/merged", "", "");
    EXPECT(std::find(open.begin(), open.end(), "/mnt/open") == open.end());
    sandbox::make_directory("/mnt/bundle/rootfs");
    const auto bundle = host::graph_roots(inspector, "/mnt/bundle/rootfs", "", "/mnt/bundle");
    EXPECT(bundle.back() == "/mnt/bundle");
    const auto outside = host::graph_roots(inspector, "/mnt/bundle2/rootfs", "", "/mnt/bundle");
    EXPECT(std::find(outside.begin(), outside.end(), "/mnt/bundle") == outside.end());
    return {};
  });
}
