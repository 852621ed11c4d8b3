// Owners and modes of the files by which an engine is told what to do: who may write them is root, and who may read the
// keys is the daemon to its clients.
#include <fmt/format.h>

#include "ctl/host_checks.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

enum class Group { root, docker };  // docker: that group, or root's

struct FileCheck {
  std::string_view id, statement, references;
  std::vector<std::string> (*where)(const Host&);  // those that are not there are not judged
  Group group;
  mode_t most;  // no bit beside these
};

using Paths = std::vector<std::string>;

Paths unit_of(const Host& host, const char* name) {
  const std::string path = host.unit(name);
  return path.empty() ? Paths{} : Paths{path};
}

Paths certificates(const Host& host) {
  constexpr const char root[] = "/etc/docker/certs.d";
  Paths paths;
  for (const std::string& registry : host.names_in(root)) {
    for (const std::string& name : host.names_in(fmt::format("{}/{}", root, registry))) {
      if (name.ends_with(".crt") || name.ends_with(".cert"))
        paths.push_back(fmt::format("{}/{}/{}", root, registry, name));
    }
  }
  return paths;
}

Paths registry_keys(const Host& host) {
  constexpr const char root[] = "/etc/docker/certs.d";
  Paths paths;
  for (const std::string& registry : host.names_in(root)) {
    for (const std::string& name : host.names_in(fmt::format("{}/{}", root, registry))) {
      if (name.ends_with(".key")) paths.push_back(fmt::format("{}/{}/{}", root, registry, name));
    }
  }
  return paths;
}

// dockerd's own; what lies in the same place for a client is no business of this check.
Paths tls_file(const Host& host, const char* setting, const char* name) {
  if (const auto path = host.word(setting)) return {*path};
  const bool used = host.flag("tls").value_or(false) || host.flag("tlsverify").value_or(false);
  return used ? Paths{std::string("/root/.docker/") + name} : Paths{};
}

Paths signing_keys(const Host& host) {
  constexpr const char directory[] = "/root/.docker/trust/private";
  Paths paths;
  for (const std::string& name : host.names_in(directory)) paths.push_back(fmt::format("{}/{}", directory, name));
  return paths;
}

constexpr FileCheck table[] = {
    {"docker-service-file", "Only root can change docker.service", "CIS Docker 1.6.0 3.1, 3.2",
     [](const Host& host) { return unit_of(host, "docker.service"); }, Group::root, 0644},
    {"docker-socket-unit-file", "Only root can change docker.socket", "CIS Docker 1.6.0 3.3, 3.4",
     [](const Host& host) { return unit_of(host, "docker.socket"); }, Group::root, 0644},
    {"docker-directory", "Only root can change what is in /etc/docker", "CIS Docker 1.6.0 3.5, 3.6",
     [](const Host&) { return Paths{"/etc/docker"}; }, Group::root, 0755},
    {"registry-certificates", "Nobody can exchange the certificates of registries", "CIS Docker 1.6.0 3.7, 3.8",
     certificates, Group::root, 0444},
    {"registry-keys", "Only root can read the keys for registries", "CIS Docker 1.6.0 3.7, OWASP Docker Top 10 D06",
     registry_keys, Group::root, 0400},
    {"tls-ca-file", "Nobody can exchange the authority of dockerd's clients", "CIS Docker 1.6.0 3.9, 3.10",
     [](const Host& host) { return tls_file(host, "tlscacert", "ca.pem"); }, Group::root, 0444},
    {"tls-certificate-file", "Nobody can exchange dockerd's certificate", "CIS Docker 1.6.0 3.11, 3.12",
     [](const Host& host) { return tls_file(host, "tlscert", "cert.pem"); }, Group::root, 0444},
    {"tls-key-file", "Only root can read dockerd's key", "CIS Docker 1.6.0 3.13, 3.14",
     [](const Host& host) { return tls_file(host, "tlskey", "key.pem"); }, Group::root, 0400},
    {"docker-socket-file", "Only root and the group docker can talk to dockerd",
     "CIS Docker 1.6.0 3.15, 3.16, OWASP Docker Cheat Sheet RULE #1",
     [](const Host&) { return Paths{"/run/docker.sock"}; }, Group::docker, 0660},
    {"daemon-json-file", "Only root can change daemon.json", "CIS Docker 1.6.0 3.17, 3.18",
     [](const Host&) { return Paths{"/etc/docker/daemon.json"}; }, Group::root, 0644},
    {"default-docker-file", "Only root can change /etc/default/docker", "CIS Docker 1.6.0 3.19, 3.20",
     [](const Host&) { return Paths{"/etc/default/docker"}; }, Group::root, 0644},
    {"sysconfig-docker-file", "Only root can change /etc/sysconfig/docker", "CIS Docker 1.6.0 3.21, 3.22",
     [](const Host&) { return Paths{"/etc/sysconfig/docker"}; }, Group::root, 0644},
    {"containerd-socket-file", "Only root can talk to containerd", "CIS Docker 1.6.0 3.23, 3.24",
     [](const Host&) { return Paths{"/run/containerd/containerd.sock"}; }, Group::root, 0660},
    {"signing-keys", "Only root can read the keys that sign images", "OWASP Docker Top 10 D08, CIS Docker 1.6.0 4.5",
     signing_keys, Group::root, 0600},
};

std::string mended(const FileCheck& check, const std::string& path) {
  return fmt::format("chown {} {} && chmod {:04o} {}", check.group == Group::docker ? "root:docker" : "root:root", path,
                     check.most, path);
}

// What is wrong with it, nothing where all is well.
std::string flaw(const FileCheck& check, const struct stat& status, const Host& host) {
  const bool right_group =
      status.st_gid == 0 || (check.group == Group::docker && host.group("docker") == status.st_gid);
  if (status.st_uid != 0 || !right_group) return fmt::format("belongs to {}:{}", status.st_uid, status.st_gid);
  const mode_t mode = status.st_mode & 07777U;
  return (mode & ~check.most) == 0 ? "" : fmt::format("has mode {:04o}, more than {:04o}", mode, check.most);
}

Finding look(const FileCheck& check, const Host& host) {
  std::vector<std::string> there;
  for (const std::string& path : check.where(host)) {
    const auto status = host.status(path);
    if (!status) continue;
    there.push_back(path);
    if (const std::string wrong = flaw(check, *status, host); !wrong.empty())
      return {Health::bad, fmt::format("{} {}", path, wrong), mended(check, path)};
  }
  if (there.empty()) {
    const Paths paths = check.where(host);
    return {Health::not_here, paths.empty() ? "there is none" : paths.front() + " is not there", {}};
  }
  return {Health::good, join(there, ", "), {}};
}

}  // namespace

std::vector<HostFinding> look_at_files(const Host& host) {
  std::vector<HostFinding> found;
  for (const FileCheck& check : table)
    found.push_back(
        {std::string(check.id), std::string(check.statement), std::string(check.references), look(check, host)});
  return found;
}

}  // namespace hardened::ctl
