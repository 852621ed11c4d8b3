// What auditd watches: who changes an engine's files, or runs its programs, leaves a record in the kernel's own log.
#include <fmt/format.h>

#include <algorithm>

#include "ctl/host_checks.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Watch {
  std::string_view id;
  std::string_view path;  // a unit's name where it has no '/'; a program's where it ends in "()"
  std::string_view item;  // of CIS Docker 1.6.0; empty where it is ours
};

constexpr Watch table[] = {
    {"watch-dockerd", "dockerd()", "1.1.3"},
    {"watch-run-containerd", "/run/containerd", "1.1.4"},
    {"watch-docker-data", "/var/lib/docker", "1.1.5"},
    {"watch-docker-directory", "/etc/docker", "1.1.6"},
    {"watch-docker-service", "docker.service", "1.1.7"},
    {"watch-containerd-socket", "/run/containerd/containerd.sock", "1.1.8"},
    {"watch-docker-socket-unit", "docker.socket", "1.1.9"},
    {"watch-default-docker", "/etc/default/docker", "1.1.10"},
    {"watch-daemon-json", "/etc/docker/daemon.json", "1.1.11"},
    {"watch-containerd-config", "/etc/containerd/config.toml", "1.1.12"},
    {"watch-sysconfig-docker", "/etc/sysconfig/docker", "1.1.13"},
    {"watch-containerd", "containerd()", "1.1.14"},
    {"watch-containerd-shim", "containerd-shim()", "1.1.15"},
    {"watch-containerd-shim-runc-v1", "containerd-shim-runc-v1()", "1.1.16"},
    {"watch-containerd-shim-runc-v2", "containerd-shim-runc-v2()", "1.1.17"},
    {"watch-runc", "runc()", "1.1.18"},
    {"watch-hardened-policy", "/etc/hardened", ""},
    {"watch-hardened-runtime", "hardened-runtime()", ""},
};

// What the rules watch: "-w PATH", and "-F path=PATH" or "-F dir=PATH" of a rule for calls.
std::vector<std::string> watched(const Host& host) {
  std::string text = host.text("/etc/audit/audit.rules");
  for (const std::string& name : host.names_in("/etc/audit/rules.d")) {
    if (name.ends_with(".rules")) text += "\n" + host.text("/etc/audit/rules.d/" + name);
  }
  std::vector<std::string> paths;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> words = split(line, ' ');
    if (words.front().starts_with('#')) continue;
    for (std::size_t i = 0; i + 1 < words.size(); ++i) {
      if (words[i] == "-w") paths.push_back(clean_path(words[i + 1]));
      if (words[i] != "-F") continue;
      for (const std::string_view field : {"path=", "dir="}) {
        if (words[i + 1].starts_with(field)) paths.push_back(clean_path(words[i + 1].substr(field.size())));
      }
    }
  }
  return paths;
}

bool is_same(const Host& host, const std::string& a, const std::string& b) {
  const auto one = host.status(a), other = host.status(b);
  return one && other && one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

// A rule watches what it names and what lies below, by whichever name: /lib may be a link to /usr/lib.
bool covers(const Host& host, const std::string& rule, const std::string& place) {
  if (is_within(place, rule)) return true;
  for (std::string path = place; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
    if (is_same(host, path, rule)) return true;
  }
  return false;
}

std::string place_of(const Watch& watch, const Host& host) {
  const std::string path(watch.path);
  if (path.ends_with("()")) return host.program(path.substr(0, path.size() - 2));
  if (path.find('/') == std::string::npos) return host.unit(path);
  return host.has(path) ? path : "";
}

Finding look(const Watch& watch, const Host& host, const std::vector<std::string>& rules) {
  const std::string place = place_of(watch, host);
  std::string name(watch.path);
  if (name.ends_with("()")) name.resize(name.size() - 2);
  if (place.empty()) return {Health::not_here, name + " is not there", {}};
  const bool covered =
      std::any_of(rules.begin(), rules.end(), [&](const std::string& rule) { return covers(host, rule, place); });
  if (covered) return {Health::good, place + " is watched", {}};
  return {Health::bad, fmt::format("auditd does not watch {}", place),
          fmt::format("echo '-w {} -p wa -k docker' >>/etc/audit/rules.d/docker.rules && augenrules --load", place)};
}

}  // namespace

std::vector<HostFinding> look_at_watches(const Host& host) {
  const std::vector<std::string> rules = watched(host);
  std::vector<HostFinding> found;
  for (const Watch& watch : table) {
    const std::string references = watch.item.empty()
                                       ? "OWASP Docker Top 10 D10"
                                       : fmt::format("CIS Docker 1.6.0 {}, OWASP Docker Top 10 D10", watch.item);
    std::string name(watch.path);
    if (name.ends_with("()")) name.resize(name.size() - 2);
    found.push_back(
        {std::string(watch.id), "The kernel records who touches " + name, references, look(watch, host, rules)});
  }
  return found;
}

}  // namespace hardened::ctl
