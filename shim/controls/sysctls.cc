// Fields: /linux/sysctl. Allowed: the safe sysctls of the Pod Security Standards, and those of the profile.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "controls/controls.h"
#include "oci/strict_json.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"Pod Security Standards", "Baseline, Sysctls"}};
constexpr std::string_view owns[] = {"/linux/sysctl/*"};
constexpr std::string_view remedy = "to allow it, add its name to \"sysctls\" of the profile";

// Namespaced, isolated between containers and without effect on the node (kubernetes/pod-security-admission
// policy/check_sysctls.go). Docker sets ip_unprivileged_port_start and ping_group_range in every container.
constexpr std::string_view safe[] = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ping_group_range",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_notsent_lowat",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_slow_start_after_idle",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.tcp_wmem",
};

constexpr std::string_view ping_range = "net.ipv4.ping_group_range";

// The name with dots as separators. As in sysctl(8) the first separator tells which one is used, and the other
// character then stands for a dot inside of a component ("net/ipv4/conf/eth0.7/…" is "net.ipv4.conf.eth0/7.…").
std::string dotted(std::string name) {
  const std::size_t first = name.find_first_of("./");
  if (first == std::string::npos || name[first] == '.') return name;
  for (char& c : name) {
    if (c == '.') {
      c = '/';
    } else if (c == '/') {
      c = '.';
    }
  }
  return name;
}

bool is_allowed(const std::string& name, const Profile& profile) {
  if (std::find(std::begin(safe), std::end(safe), name) != std::end(safe)) return true;
  // An empty component is a way to say ".." or "//", with which a glob would match a file in another directory.
  const std::vector<std::string> parts = split(name, '.');
  const bool plain = std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.find_first_not_of('/') != std::string::npos;
  });
  return plain && std::any_of(profile.sysctls.begin(), profile.sysctls.end(),
                              [&](const std::string& pattern) { return glob_match(pattern, name); });
}

// Docker allows ping to every group there can be; a group that the user namespace does not map is EINVAL.
void limit_groups(Verdict& verdict, const std::string& key, const Json& value, std::uint32_t size) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  const std::vector<std::string> ends = split(text, text.find('\t') == std::string::npos ? ' ' : '\t');
  std::uint64_t last = 0;
  if (ends.size() != 2 || std::from_chars(ends[1].data(), ends[1].data() + ends[1].size(), last).ec != std::errc{} ||
      last < size)
    return;
  verdict.tighten("/linux/sysctl/" + oci::escaped_token(key), fmt::format("{} {}", ends[0], size - 1),
                  "the user namespace has no more groups");
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const Json& sysctls = spec.elements("/linux/sysctl");
  if (!sysctls.is_object()) return verdict;
  for (const auto& [key, value] : sysctls.items()) {
    const std::string name = dotted(key);
    if (name == ping_range && facts.ids.size != 0) limit_groups(verdict, key, value, facts.ids.size);
    if (is_allowed(name, policy.profile)) continue;
    verdict.excess("/linux/sysctl/" + oci::escaped_token(key), std::nullopt,
                   fmt::format("the sysctl {} is not on the safe list", in_quotes(name)), name, std::string(remedy));
  }
  return verdict;
}

}  // namespace

const Control sysctls = {.id = "sysctls",
                         .title = "Only safe kernel settings are changed",
                         .rationale =
                             "Forwarding, route_localnet or source routing open ways past the engine's firewall rules "
                             "to other containers and the host.",
                         .references = references,
                         .owns = owns,
                         .evaluate = evaluate};

}  // namespace hardened::controls
