// dockerd's settings, from its command line and daemon.json.
#include <fmt/format.h>

#include <algorithm>

#include "ctl/host_checks.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

Finding good(std::string detail) {
  return {Health::good, std::move(detail), {}};
}
Finding bad(std::string detail, std::string remedy) {
  return {Health::bad, std::move(detail), std::move(remedy)};
}
Finding not_here(std::string detail) {
  return {Health::not_here, std::move(detail), {}};
}

std::string set(const char* member) {
  return fmt::format("set {} in /etc/docker/daemon.json, then systemctl restart docker", member);
}

std::string take_out(const char* member) {
  return fmt::format(
      "take \"{}\" out of /etc/docker/daemon.json and dockerd's command line, then systemctl restart docker", member);
}

Finding wants(const Host& host, const char* key, bool wanted, bool fallback, const char* otherwise) {
  const bool value = host.flag(key).value_or(fallback);
  if (value == wanted) return good(fmt::format("\"{}\" is {}", key, value));
  return bad(otherwise, set(fmt::format("\"{}\": {}", key, wanted).c_str()));
}

Finding look_at_icc(const Host& host) {
  return wants(host, "icc", false, true, "containers on the default bridge reach each other's ports");
}

Finding look_at_log_level(const Host& host) {
  const std::string level = host.flag("debug").value_or(false) ? "debug" : host.word("log-level").value_or("info");
  if (level == "info") return good("\"log-level\" is info");
  return bad(fmt::format("\"log-level\" is {}: {}", level,
                         level == "debug" ? "requests are logged with what they carry" : "what happened is not logged"),
             set(R"("log-level": "info" (and no "debug"))"));
}

Finding look_at_iptables(const Host& host) {
  return wants(host, "iptables", true, true, "dockerd sets up no firewall rules, and nothing keeps networks apart");
}

Finding look_at_forwarding(const Host& host) {
  const bool forwards = host.text("/proc/sys/net/ipv4/ip_forward").starts_with('1');
  if (!forwards) return good("the host forwards no packets");
  if (host.flag("iptables").value_or(true)) return good("the host forwards packets, by dockerd's firewall rules");
  return bad("the host forwards packets between all its networks, without dockerd's firewall rules",
             R"(sysctl net.ipv4.ip_forward=0, or set "iptables": true in /etc/docker/daemon.json)");
}

Finding look_at_published_ports(const Host& host) {
  const std::string address = host.word("ip").value_or("0.0.0.0");
  if (address != "0.0.0.0" && address != "::") return good("ports are published at " + address);
  return bad("ports are published at every address of the host, past its own firewall, unless one is named",
             set(R"("ip": "127.0.0.1")"));
}

Finding look_at_insecure_registries(const Host& host) {
  std::vector<std::string> insecure = host.words("insecure-registries", "--insecure-registry");
  for (const std::string& mirror : host.words("registry-mirrors", "--registry-mirror")) {
    if (mirror.starts_with("http://")) insecure.push_back(mirror);
  }
  if (insecure.empty()) return good("every registry is asked with TLS");
  return bad("images come unprotected from " + join(insecure, ", "), take_out("insecure-registries"));
}

Finding look_at_storage_driver(const Host& host) {
  const std::string driver = host.word("storage-driver").value_or("overlay2");
  if (driver == "aufs")
    return bad("\"storage-driver\" is aufs, which nobody mends", set(R"("storage-driver": "overlay2")"));
  return good("\"storage-driver\" is " + driver);
}

Finding look_at_base_size(const Host& host) {
  const std::vector<std::string> options = host.words("storage-opts", "--storage-opt");
  const bool sized = std::any_of(options.begin(), options.end(),
                                 [](const std::string& option) { return option.starts_with("dm.basesize="); });
  if (sized) return bad("\"dm.basesize\" lets containers fill the disk", take_out("storage-opts"));
  return good("the base device size is as it comes");
}

Finding look_at_tls(const Host& host) {
  std::vector<std::string> open;
  for (const std::string& address : host.words("hosts", "--host")) {
    if (!address.starts_with("unix://") && !address.starts_with("fd://") && !address.starts_with("npipe://"))
      open.push_back(address);
  }
  if (open.empty()) return not_here("dockerd listens at no network address");
  if (host.flag("tlsverify").value_or(false)) return good("who talks to " + join(open, ", ") + " shows a certificate");
  return bad("whoever reaches " + join(open, ", ") + " is root on this host",
             R"(take the address out of "hosts", or set "tlsverify": true, "tlscacert", "tlscert" and "tlskey")");
}

Finding look_at_ulimits(const Host& host) {
  if (host.any("default-ulimits", "--default-ulimit")) return good("\"default-ulimits\" is set");
  if (host.hardened_by_default()) return not_here("hardened containers get limits of the control rlimits");
  return bad("containers inherit dockerd's own limits",
             set(R"("default-ulimits": {"nofile": {"Name": "nofile", "Soft": 1024, "Hard": 4096}})"));
}

Finding look_at_users(const Host& host) {
  if (const auto remap = host.word("userns-remap"); remap && !remap->empty())
    return good("\"userns-remap\" is " + *remap);
  if (host.hardened_by_default())
    return not_here("not needed: hardened containers have users of their own, each with other ids of the host");
  return bad("root in a container is root on the host", "hardenctl install docker --default");
}

Finding look_at_new_privileges(const Host& host) {
  if (host.flag("no-new-privileges").value_or(false)) return good("\"no-new-privileges\" is true");
  if (host.hardened_by_default()) return not_here("hardened containers get it by the control no-new-privileges");
  return bad("set-user-ID programs of images raise privileges", set(R"("no-new-privileges": true)"));
}

Finding look_at_seccomp(const Host& host) {
  if (host.word("seccomp-profile").value_or("") != "unconfined") return good("containers get a filter");
  return bad("\"seccomp-profile\" is unconfined: containers may make every system call", take_out("seccomp-profile"));
}

Finding look_at_cgroup_parent(const Host& host) {
  const std::string parent = host.word("cgroup-parent").value_or("");
  if (parent.empty()) return good("containers are in dockerd's own cgroup");
  return bad("\"cgroup-parent\" is " + parent + ", whose limits somebody has to have set", take_out("cgroup-parent"));
}

Finding look_at_authorization(const Host& host) {
  const std::vector<std::string> plugins = host.words("authorization-plugins", "--authorization-plugin");
  if (!plugins.empty()) return good(join(plugins, ", "));
  return bad("whoever may talk to dockerd may ask for anything, another runtime too",
             set(R"("authorization-plugins": ["NAME"] for a plugin that is installed)"));
}

Finding look_at_log_driver(const Host& host) {
  const std::string driver = host.word("log-driver").value_or("json-file");
  const bool stays = driver == "json-file" || driver == "local" || driver == "none";
  if (!stays) return good("\"log-driver\" is " + driver);
  return bad(fmt::format("\"log-driver\" is {}: what containers say stays on this host, or is lost", driver),
             set(R"("log-driver": "journald", "syslog" or another that reaches a collector)"));
}

Finding look_at_live_restore(const Host& host) {
  return wants(host, "live-restore", true, false, "containers end with dockerd, so it is not updated in time");
}

Finding look_at_proxy(const Host& host) {
  return wants(host, "userland-proxy", false, true, "a program of dockerd's stands at every published port");
}

Finding look_at_experimental(const Host& host) {
  return wants(host, "experimental", false, false, "what nobody calls finished is switched on");
}

constexpr HostCheck table[] = {
    {"icc", "Containers on the default bridge cannot reach each other",
     "CIS Docker 1.6.0 2.2, OWASP Docker Top 10 D03, OWASP Docker Cheat Sheet RULE #5", look_at_icc},
    {"log-level", "dockerd logs what happened, and no secrets",
     "CIS Docker 1.6.0 2.3, OWASP Docker Cheat Sheet RULE #10", look_at_log_level},
    {"iptables", "dockerd sets up its firewall rules", "CIS Docker 1.6.0 2.4, OWASP Docker Top 10 D03",
     look_at_iptables},
    {"ip-forwarding", "The host forwards packets by rules only", "CIS Docker 1.6.0 2.4, OWASP Docker Top 10 D03",
     look_at_forwarding},
    {"published-ports", "Ports are published where somebody said so", "CIS Docker 1.6.0 5.14, OWASP Docker Top 10 D03",
     look_at_published_ports},
    {"insecure-registries", "Images come over protected connections", "CIS Docker 1.6.0 2.5, OWASP Docker Top 10 D08",
     look_at_insecure_registries},
    {"storage-driver", "The storage driver is maintained", "CIS Docker 1.6.0 2.6", look_at_storage_driver},
    {"tls", "Nobody talks to dockerd over a network without a certificate",
     "CIS Docker 1.6.0 2.7, OWASP Docker Cheat Sheet RULE #1", look_at_tls},
    {"default-ulimits", "Containers have limits of their own", "CIS Docker 1.6.0 2.8, OWASP Docker Top 10 D07",
     look_at_ulimits},
    {"userns-remap", "Root in a container is nobody on the host", "CIS Docker 1.6.0 2.9, OWASP Docker Top 10 D01",
     look_at_users},
    {"cgroup-parent", "Containers are in dockerd's own cgroup", "CIS Docker 1.6.0 2.10", look_at_cgroup_parent},
    {"base-size", "Containers cannot fill the disk by a larger base device", "CIS Docker 1.6.0 2.11",
     look_at_base_size},
    {"authorization", "Requests to dockerd are authorized", "CIS Docker 1.6.0 2.12", look_at_authorization},
    {"log-driver", "What containers say leaves the host", "CIS Docker 1.6.0 2.13, OWASP Docker Top 10 D10",
     look_at_log_driver},
    {"daemon-no-new-privileges", "Processes of containers cannot gain privileges",
     "CIS Docker 1.6.0 2.14, OWASP Docker Cheat Sheet RULE #4", look_at_new_privileges},
    {"live-restore", "Containers outlive dockerd, so that it can be updated", "CIS Docker 1.6.0 2.15",
     look_at_live_restore},
    {"userland-proxy", "No program of dockerd's stands at published ports", "CIS Docker 1.6.0 2.16", look_at_proxy},
    {"seccomp-profile", "No setting takes the filter of system calls away",
     "CIS Docker 1.6.0 2.17, OWASP Docker Top 10 D04", look_at_seccomp},
    {"experimental", "No experimental features are on", "CIS Docker 1.6.0 2.18", look_at_experimental},
};

Finding judged(const HostCheck& check, const Host& host) {
  if (!host.has_docker()) return not_here("there is no Docker");
  if (!host.problem().empty()) return bad(host.problem(), "hardenctl doctor docker-default");
  return check.look(host);
}

}  // namespace

std::vector<HostFinding> look_at_settings(const Host& host) {
  std::vector<HostFinding> found;
  for (const HostCheck& check : table)
    found.push_back(
        {std::string(check.id), std::string(check.statement), std::string(check.references), judged(check, host)});
  return found;
}

}  // namespace hardened::ctl
