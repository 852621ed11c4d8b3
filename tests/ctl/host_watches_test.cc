#include "ctl/root.h"

using namespace hardened;
using ctl::Health;
using testing::Root;

namespace {

struct Row {
  const char* check;
  const char* path;
  const char* references;
};

constexpr Row rows[] = {
    {"watch-dockerd", "/usr/sbin/dockerd", "1.1.3,"},
    {"watch-run-containerd", "/run/containerd", "1.1.4,"},
    {"watch-docker-data", "/var/lib/docker", "1.1.5,"},
    {"watch-docker-directory", "/etc/docker", "1.1.6,"},
    {"watch-docker-service", "/lib/systemd/system/docker.service", "1.1.7,"},
    {"watch-containerd-socket", "/run/containerd/containerd.sock", "1.1.8,"},
    {"watch-docker-socket-unit", "/etc/systemd/system/docker.socket", "1.1.9,"},
    {"watch-default-docker", "/etc/default/docker", "1.1.10,"},
    {"watch-daemon-json", "/etc/docker/daemon.json", "1.1.11,"},
    {"watch-containerd-config", "/etc/containerd/config.toml", "1.1.12,"},
    {"watch-sysconfig-docker", "/etc/sysconfig/docker", "1.1.13,"},
    {"watch-containerd", "/usr/bin/containerd", "1.1.14,"},
    {"watch-containerd-shim", "/usr/bin/containerd-shim", "1.1.15,"},
    {"watch-containerd-shim-runc-v1", "/usr/bin/containerd-shim-runc-v1", "1.1.16,"},
    {"watch-containerd-shim-runc-v2", "/usr/local/bin/containerd-shim-runc-v2", "1.1.17,"},
    {"watch-runc", "/usr/sbin/runc", "1.1.18,"},
    {"watch-hardened-policy", "/etc/hardened", "OWASP"},
    {"watch-hardened-runtime", "/usr/bin/hardened-runtime", "OWASP"},
};

}  // namespace

TEST_CASE("host watches: each path where this host has it, watched or not, with the rule that would") {
  for (const Row& row : rows) {
    INFO(row.check);
    const Root root;
    CHECK(root.look(row.check).health == Health::not_here);
    root.put(row.path, "");
    const ctl::Finding finding = root.look(row.check);
    CHECK(finding.health == Health::bad);
    CHECK(finding.detail == std::string("auditd does not watch ") + row.path);
    // What is told to mend it does.
    const std::size_t begin = finding.remedy.find('\'') + 1;
    root.put("/etc/audit/rules.d/docker.rules", finding.remedy.substr(begin, finding.remedy.find('\'', begin) - begin));
    CHECK(root.look(row.check).health == Health::good);
  }
}

TEST_CASE("host watches: each by the item of the benchmark that asks for it") {
  const Root root;
  const std::vector<ctl::HostFinding> found = ctl::look_at_watches(root.host());
  REQUIRE(found.size() == std::size(rows));
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(found[i].id == rows[i].check);
    CHECK(found[i].references.find(rows[i].references) != std::string::npos);
  }
}

TEST_CASE("host watches: a path that only begins alike is another one") {
  const Root root;
  root.put("/usr/bin/containerd", "");
  root.put("/usr/bin/containerd-shim", "");
  root.put("/etc/audit/audit.rules", "-w /usr/bin/containerd-shim -p x\n");
  CHECK(root.look("watch-containerd").health == Health::bad);
  CHECK(root.look("watch-containerd-shim").health == Health::good);
}

TEST_CASE("host watches: a place is watched by whichever of its names") {
  const Root root;
  root.put("/usr/lib/systemd/system/docker.service", "");
  std::filesystem::create_symlink("usr/lib", root.temporary.path("lib"));
  root.put("/etc/audit/audit.rules", "-w /lib/systemd/system/docker.service -p wa\n");
  CHECK(root.look("watch-docker-service").health == Health::good);
  root.put("/etc/audit/audit.rules", "-w /lib/systemd -p wa\n");
  CHECK(root.look("watch-docker-service").health == Health::good);
  root.put("/etc/audit/audit.rules", "-w /lib/systemd/user -p wa\n");
  CHECK(root.look("watch-docker-service").health == Health::bad);
}
