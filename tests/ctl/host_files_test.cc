#include <set>

#include "ctl/root.h"

using namespace hardened;
using ctl::Health;
using testing::Root;

namespace {

struct Row {
  const char* check;
  const char* path;
  mode_t most;
};

constexpr Row rows[] = {
    {"docker-service-file", "/etc/systemd/system/docker.service", 0644},
    {"docker-service-file", "/lib/systemd/system/docker.service", 0644},
    {"docker-socket-unit-file", "/usr/lib/systemd/system/docker.socket", 0644},
    {"registry-certificates", "/etc/docker/certs.d/r/ca.crt", 0444},
    {"registry-certificates", "/etc/docker/certs.d/r/client.cert", 0444},
    {"registry-keys", "/etc/docker/certs.d/r/client.key", 0400},
    {"tls-ca-file", "/root/.docker/ca.pem", 0444},
    {"tls-certificate-file", "/root/.docker/cert.pem", 0444},
    {"tls-key-file", "/root/.docker/key.pem", 0400},
    {"docker-socket-file", "/run/docker.sock", 0660},
    {"daemon-json-file", "/etc/docker/daemon.json", 0644},
    {"default-docker-file", "/etc/default/docker", 0644},
    {"sysconfig-docker-file", "/etc/sysconfig/docker", 0644},
    {"containerd-socket-file", "/run/containerd/containerd.sock", 0660},
    {"signing-keys", "/root/.docker/trust/private/x.key", 0600},
};

// dockerd has certificates where it uses TLS.
void use_tls(const Root& root, const Row& row) {
  if (std::string(row.check).starts_with("tls-"))
    root.put("/usr/local/lib/systemd/system/docker.service", "ExecStart=/usr/bin/dockerd --tls\n");
}

bool is_root() {
  if (::geteuid() == 0) return true;
  WARN("skipped: the owner of a file is root's to choose");
  return false;
}

}  // namespace

TEST_CASE("host files: each is not there, as strict as it should be, or open by one bit more") {
  if (!is_root()) return;
  for (const Row& row : rows) {
    INFO(row.check << " " << row.path);
    const Root root;
    use_tls(root, row);
    CHECK(root.look(row.check).health == Health::not_here);
    root.put(row.path, "", row.most);
    CHECK(root.look(row.check).health == Health::good);
    CHECK(root.look(row.check).detail == row.path);
    root.put(row.path, "", 0400);
    CHECK(root.look(row.check).health == Health::good);
    for (mode_t bit = 01; bit <= 0200; bit <<= 1U) {
      if ((row.most & bit) != 0) continue;
      root.put(row.path, "", row.most | bit);
      const ctl::Finding finding = root.look(row.check);
      INFO(finding.detail);
      CHECK(finding.health == Health::bad);
      CHECK(finding.remedy.find(row.path) != std::string::npos);
    }
  }
}

TEST_CASE("host files: each belongs to root and its group, the socket to the group docker as well") {
  if (!is_root()) return;
  for (const Row& row : rows) {
    INFO(row.check << " " << row.path);
    const Root root;
    root.put("/etc/group", "docker:x:998:\n");
    use_tls(root, row);
    root.put(row.path, "", row.most);
    const std::string file = root.temporary.path() + row.path;
    const auto owned = [&](uid_t user, gid_t group) {
      REQUIRE(::chown(file.c_str(), user, group) == 0);
      return root.look(row.check).health;
    };
    CHECK(owned(1, 0) == Health::bad);
    CHECK(owned(0, 1) == Health::bad);
    CHECK(owned(0, 998) == (std::string(row.check) == "docker-socket-file" ? Health::good : Health::bad));
    CHECK(owned(0, 0) == Health::good);
  }
}

TEST_CASE("host files: one bad among many is the one that is told") {
  if (!is_root()) return;
  const Root root;
  root.put("/etc/docker/certs.d/a/ca.crt", "", 0444);
  root.put("/etc/docker/certs.d/b/ca.crt", "", 0644);
  root.put("/etc/docker/certs.d/c/ca.crt", "", 0444);
  CHECK(root.look("registry-certificates").detail.starts_with("/etc/docker/certs.d/b/ca.crt has mode 0644"));
  root.put("/etc/docker/certs.d/b/ca.crt", "", 0444);
  CHECK(root.look("registry-certificates").detail ==
        "/etc/docker/certs.d/a/ca.crt, /etc/docker/certs.d/b/ca.crt, /etc/docker/certs.d/c/ca.crt");
}

TEST_CASE("host files: every check of a host has its own id, a statement and a source, on any host") {
  const Root root;
  std::set<std::string> ids;
  for (const ctl::HostFinding& found : ctl::look_at_host(root.host())) {
    INFO(found.id);
    CHECK(ids.insert(found.id).second);
    CHECK_FALSE(found.statement.empty());
    CHECK((found.references.starts_with("CIS Docker 1.6.0 ") || found.references.starts_with("OWASP ")));
    CHECK(found.finding.health == Health::not_here);
    CHECK_FALSE(found.finding.detail.empty());
  }
  CHECK(ids.size() >= 55);
  CHECK_FALSE(ctl::not_looked_at().empty());
}
