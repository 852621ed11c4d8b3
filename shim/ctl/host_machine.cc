// The rest of a host: its disk, its groups, what it trusts, and how old its engines are.
#include <fmt/format.h>

#include "ctl/host_checks.h"
#include "ctl/versions.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

Finding look_at_partition(const Host& host) {
  const std::string directory = host.word("data-root").value_or("/var/lib/docker");
  const auto data = host.status(directory);
  const auto root = host.status("/");
  if (!data || !root) return {Health::not_here, directory + " is not there", {}};
  if (data->st_dev != root->st_dev) return {Health::good, directory + " has a file system of its own", {}};
  return {Health::bad, "images and containers that fill " + directory + " fill the host's root file system",
          "mount a file system of its own there, or name one in \"data-root\" of /etc/docker/daemon.json, then restart "
          "docker"};
}

Finding look_at_members(const Host& host) {
  const std::vector<std::string> line = host.group_line("docker");
  if (line.empty()) return {Health::not_here, "there is no group docker", {}};
  if (line[3].empty()) return {Health::good, "nobody is in the group docker", {}};
  return {Health::bad, "by the group docker these are as good as root: " + line[3],
          "gpasswd --delete USER docker, for each that need not be root"};
}

// pam_env reads it for every session; a shell's own profile is nobody else's.
Finding look_at_content_trust(const Host& host) {
  for (const std::string& line : split(host.text("/etc/environment"), '\n')) {
    if (line == "DOCKER_CONTENT_TRUST=1" || line == "DOCKER_CONTENT_TRUST=\"1\"")
      return {Health::good, "docker pulls signed images only", {}};
  }
  if (host.program("docker").empty()) return {Health::not_here, "there is no docker command", {}};
  return {
      Health::bad, "docker pulls images that nobody signed",
      "echo DOCKER_CONTENT_TRUST=1 >>/etc/environment, or list approved images by digest in \"images\" of the policy"};
}

Finding look_at_version(const Host& host, const char* program) {
  const std::string path = host.program(program);
  if (path.empty()) return {Health::not_here, fmt::format("{} is not there", program), {}};
  const auto text = host.version_text(path);
  if (!text)
    return {Health::note, fmt::format("{} cannot be asked for its version: {}", program, text.error().message),
            fmt::format("see that it is root's and nobody else can write it, and try {} --version", program)};
  return judge_program(program, *text);
}

constexpr std::string_view up_to_date =
    "CIS Docker 1.6.0 1.2.2, OWASP Docker Top 10 D02, OWASP Docker Cheat Sheet RULE #0";

constexpr HostCheck table[] = {
    {"data-partition", "Containers cannot fill the host's disk", "CIS Docker 1.6.0 1.1.1", look_at_partition},
    {"docker-group", "Nobody is root by the group docker", "CIS Docker 1.6.0 1.1.2, OWASP Docker Top 10 D04",
     look_at_members},
    {"content-trust", "Only signed images are pulled", "CIS Docker 1.6.0 4.5, OWASP Docker Top 10 D08",
     look_at_content_trust},
    {"dockerd-version", "dockerd has no known flaw", up_to_date,
     [](const Host& host) { return look_at_version(host, "dockerd"); }},
    {"containerd-version", "containerd has no known flaw", up_to_date,
     [](const Host& host) { return look_at_version(host, "containerd"); }},
    {"runc-version", "runc has no known flaw", up_to_date,
     [](const Host& host) { return look_at_version(host, "runc"); }},
    {"crun-version", "crun has no known flaw", up_to_date,
     [](const Host& host) { return look_at_version(host, "crun"); }},
};

}  // namespace

Finding judge_program(const std::string& program, const std::string& text) {
  const auto version = version_in(text);
  if (!version)
    return {Health::note, fmt::format("{} does not say its version", program),
            fmt::format("try {} --version", program)};
  const std::vector<const EngineFlaw*> flaws = flaws_of(program, *version);
  if (flaws.empty()) return {Health::good, text, {}};
  const std::string detail =
      fmt::format("{} is older than {}, which mends {}", text, first_without(flaws, *version), names_of(flaws));
  if (version->distribution)
    return {Health::note, detail, "a distribution may have mended its own: look into the changelog of its package"};
  return {Health::bad, detail, fmt::format("update {}", program)};
}

std::vector<HostFinding> look_at_machine(const Host& host) {
  std::vector<HostFinding> found;
  for (const HostCheck& check : table)
    found.push_back(
        {std::string(check.id), std::string(check.statement), std::string(check.references), check.look(host)});
  return found;
}

std::vector<HostFinding> look_at_host(const Host& host) {
  std::vector<HostFinding> all;
  for (const auto look : {look_at_machine, look_at_watches, look_at_settings, look_at_files}) {
    for (HostFinding& one : look(host)) all.push_back(std::move(one));
  }
  return all;
}

std::vector<std::string> not_looked_at() {
  return {"the host itself (CIS Docker 1.6.0 1.2.1): by the benchmark of its distribution",
          "a dockerd without root (2.1): hardened gives every container users of its own instead",
          "what is in images (4.1 to 4.4, 4.6 to 4.12; D02, D06, D08): by scans; approved-images keeps others away",
          "egress, metadata services and other hosts (D03, D05): by the network's own firewall",
          "who may deploy in CI, and virtual machines between tenants (D05)"};
}

}  // namespace hardened::ctl
