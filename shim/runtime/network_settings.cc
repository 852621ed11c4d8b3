#include "runtime/network_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "oci/strict_json.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

// The network namespace the container is to join, where it belongs to the host's users; else empty.
std::string hosts_network(const Spec& spec, const host::Facts& facts) {
  for (const Json& element : spec.elements("/linux/namespaces")) {
    if (oci::text(element, "/type") != "network") continue;
    const std::string path = oci::text(element, "/path").value_or("");
    const auto fact = facts.namespaces.find(path);
    if (fact != facts.namespaces.end() && fact->second.hosts_users && !fact->second.host) return path;
  }
  return {};
}

// "net.ipv4.ip_forward" -> "/proc/sys/net/ipv4/ip_forward"; nothing for a name of another kind, or spelt in another
// way, which are left to the runtime.
std::string file_of(const std::string& name) {
  if (!name.starts_with("net.") || name.find('/') != std::string::npos || name.find("..") != std::string::npos)
    return {};
  std::string path = "/proc/sys/" + name;
  std::replace(path.begin(), path.end(), '.', '/');
  return path;
}

// "0 5" of the container's groups as the host's; as it is where it is no such range.
std::string host_groups(const std::string& range, const kernel::IdMapping& ids) {
  const std::size_t gap = range.find_first_of(" \t");
  if (gap == std::string::npos) return range;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
  const char* end = range.data() + range.size();
  if (std::from_chars(range.data(), range.data() + gap, first).ec != std::errc{} ||
      std::from_chars(range.data() + gap + 1, end, last).ec != std::errc{} || first > last || last >= ids.size)
    return range;
  return fmt::format("{} {}", ids.gid + first, ids.gid + last);
}

Status write_setting(const std::string& name, const std::string& value) {
  TRY(file, open_at(AT_FDCWD, file_of(name), O_WRONLY | O_NOFOLLOW));
  return write_all(file.get(), value, "the setting " + in_quotes(name));
}

// In the network `path` for as long as this lives: /proc/sys/net shows the network of who looks.
class Inside {
 public:
  static Result<Inside> enter(const std::string& path) {
    TRY(own, open_at(AT_FDCWD, "/proc/self/ns/net", O_RDONLY));
    TRY(other, open_at(AT_FDCWD, path, O_RDONLY));
    if (::setns(other.get(), CLONE_NEWNET) != 0)
      return fail_errno("cannot enter the network " + in_quotes(path), errno);
    return Inside(std::move(own));
  }
  Inside(Inside&&) = default;
  Inside& operator=(Inside&&) = delete;
  [[nodiscard]] Status leave() {
    if (::setns(own_.get(), CLONE_NEWNET) == 0) return {};
    return fail_errno("cannot leave the container's network", errno);
  }

 private:
  explicit Inside(Fd own) : own_(std::move(own)) {}
  Fd own_;
};

Result<std::vector<Change>> write_settings(const Json& settings, const kernel::IdMapping& ids) {
  std::vector<Change> changes;
  for (const auto& [name, value] : settings.items()) {
    if (file_of(name).empty() || !value.is_string()) continue;
    const std::string text = value.get<std::string>();
    TRY_DO(write_setting(name, name == "net.ipv4.ping_group_range" ? host_groups(text, ids) : text));
    changes.push_back({"/linux/sysctl/" + oci::escaped_token(name), value, std::nullopt});
  }
  return changes;
}

}  // namespace

Result<std::vector<Change>> write_network_settings(const Spec& spec, const host::Facts& facts) {
  const std::string network = facts.ids.size == 0 ? "" : hosts_network(spec, facts);
  const Json& settings = spec.elements("/linux/sysctl");
  if (network.empty() || !settings.is_object()) return std::vector<Change>();
  TRY(inside, Inside::enter(network));
  auto changes = write_settings(settings, facts.ids);
  TRY_DO(inside.leave());
  return changes;
}

}  // namespace hardened::runtime
