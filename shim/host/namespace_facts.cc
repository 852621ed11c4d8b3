#include "host/namespace_facts.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <vector>

#include "host/doubts.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_cgroup_file = 65536;
constexpr std::string_view prefixes[] = {"docker-", "libpod-", "crio-", "cri-containerd-", "nerdctl-"};

// The runtime-spec's name of a namespace type → its name below /proc/PID/ns.
std::string file_name(const std::string& type) {
  if (type == "network") return "net";
  return type == "mount" ? "mnt" : type;
}

std::string plain(std::string_view component) {
  for (const std::string_view prefix : prefixes) {
    if (component.starts_with(prefix)) {
      component.remove_prefix(prefix.size());
      break;
    }
  }
  constexpr std::string_view scope = ".scope";
  if (component.ends_with(scope)) component.remove_suffix(scope.size());
  return std::string(component);
}

bool is_full_id(const std::string& name) {
  return name.size() == 64 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

// "/proc/123/ns/net" → "123"; else empty.
std::string process_of(const std::string& path) {
  const std::vector<std::string> parts = split(path, '/');
  if (parts.size() != 5 || !parts[0].empty() || parts[1] != "proc" || parts[3] != "ns" || parts[2].empty()) return {};
  const bool number =
      std::all_of(parts[2].begin(), parts[2].end(), [](unsigned char c) { return std::isdigit(c) != 0; });
  return number ? parts[2] : std::string();
}

// The first full id in a cgroup's path: a container may name cgroups below its own as it likes. Podman puts a pod's own
// id before those of its containers (/libpod_parent/POD/libpod-ID).
std::string full_id_in(const std::vector<std::string>& components) {
  bool may_be_pod = false;
  for (const std::string& component : components) {
    const std::string name = plain(component);
    if (is_full_id(name) && !(may_be_pod && name == component)) return name;
    may_be_pod = component == "libpod_parent";
  }
  return {};
}

std::optional<std::string> container_of(const std::string& process, Doubts& doubts) {
  const std::string path = "/proc/" + process + "/cgroup";
  const auto file = open_at(AT_FDCWD, path, O_RDONLY);
  const auto text = file ? read_all(file->get(), largest_cgroup_file, path) : fail(Code::io, "");
  if (!text) {
    doubts.note(path, errno);
    return std::nullopt;
  }
  const std::string id = container_in_cgroup(*text);
  return id.empty() ? std::nullopt : std::optional(id);
}

// ioctl_ns(2). An owner out of our sight (EPERM) is nobody we are, and what is no namespace (ENOTTY) has none.
bool belongs_to_own_users(const std::string& path, Doubts& doubts) {
  const auto file = open_at(AT_FDCWD, path, O_RDONLY | O_NOCTTY);
  const Fd owner(file ? ::ioctl(file->get(), NS_GET_USERNS) : -1);
  if (file && !owner.valid() && (errno == EPERM || errno == ENOTTY)) return false;
  struct stat status {
  }, own{};
  if (owner.valid() && ::fstat(owner.get(), &status) == 0 && ::stat("/proc/self/ns/user", &own) == 0)
    return status.st_dev == own.st_dev && status.st_ino == own.st_ino;
  doubts.note(path, errno);
  return false;
}

}  // namespace

std::string container_in_cgroup(std::string_view text) {
  std::string last;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t path = line.find('/');
    if (path == std::string::npos) continue;
    const std::vector<std::string> components = split(line.substr(path), '/');
    if (std::string id = full_id_in(components); !id.empty()) return id;
    if (last.empty()) last = plain(components.back());
  }
  return last;
}

Result<NamespaceFact> namespace_fact(const std::string& type, const std::string& path) {
  NamespaceFact fact;
  Doubts doubts;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    // A process that may do more than we keeps its namespaces from us (ptrace(2)), the machine's first one for example.
    if (errno != EACCES) doubts.note(path, errno);
    TRY_DO(doubts.certain());
    return fact;
  }
  fact.identity = {status.st_dev, status.st_ino};
  const std::string ours = "/proc/self/ns/" + file_name(type);
  struct stat own {};
  if (::stat(ours.c_str(), &own) != 0) doubts.note(ours, errno);
  fact.host = fact.identity == Identity{own.st_dev, own.st_ino};
  fact.hosts_users = belongs_to_own_users(path, doubts);
  if (const std::string process = process_of(path); !process.empty()) fact.container = container_of(process, doubts);
  TRY_DO(doubts.certain());
  return fact;
}

}  // namespace hardened::host
