#include <sys/stat.h>

#include "oracle_case.h"

namespace hardened::property {
namespace {

bool has_option(const Json& mount, std::string_view option) {
  return strings(at(mount, "/options")).contains(std::string(option));
}

// Options are applied in order, the last of a pair counts; the recursive ones come after all others.
bool ends_as(const Json& mount, const std::string& wanted, const std::string& opposite) {
  bool holds = false;
  const Json& options = at(mount, "/options");
  if (!options.is_array()) return false;
  for (const Json& option : options) {
    if (option == wanted || option == opposite) holds = option == wanted;
  }
  return holds && !has_option(mount, "r" + opposite);
}

bool is_bind(const Json& mount) {
  return has_option(mount, "bind") || has_option(mount, "rbind") || text(mount, "type") == "bind";
}

void check_bind(const Case& c, const Json& mount) {
  const std::string source = text(mount, "source");
  c.expect(has_option(mount, "private") || has_option(mount, "rprivate"),
           "a bind that inherits its propagation: " + source);
  const auto fact = c.facts.paths.find(source);
  c.expect(fact != c.facts.paths.end() && fact->second.exists, "a bind of something unknown: " + source);
  if (fact == c.facts.paths.end()) return;
  const std::string& real = fact->second.resolved;
  c.expect((fact->second.mode & S_IFMT) != S_IFSOCK, "a socket is mounted: " + source);
  c.expect((fact->second.mode & S_IFMT) != S_IFBLK, "a block device is mounted: " + source);
  for (const char* forbidden :
       {"/", "/run", "/usr", "/var", "/home", "/home/alice", "/var/lib/docker", "/var/lib/docker/containers"})
    c.expect(real != forbidden, "a host directory is mounted: " + source + " = " + real);
  for (const char* below : {"/etc", "/proc", "/sys", "/dev", "/boot", "/root", "/run/docker.sock", "/home/alice/.ssh"})
    c.expect(!within(real, below), "a host file is mounted: " + source + " = " + real);
}

// The size in bytes as the kernel reads it; nothing but digits and one letter is trusted.
bool size_within(const std::string& size, std::uint64_t most) {
  std::size_t end = 0;
  if (size.empty() || size[0] < '0' || size[0] > '9') return false;
  std::uint64_t bytes = std::stoull(size, &end);
  const std::string unit = size.substr(end);
  if (unit == "k") bytes <<= 10;
  if (unit == "m") bytes <<= 20;
  if (unit == "g") bytes <<= 30;
  return (unit.empty() || unit == "k" || unit == "m" || unit == "g") && bytes != 0 && bytes <= most;
}

void check_tmpfs(const Case& c, const Json& mount, const std::string& place) {
  const auto& limits = c.policy.profile.limits;
  std::string size;
  for (const std::string& option : strings(at(mount, "/options"))) {
    c.expect(!starts_with(option, "nr_blocks"), place + " is sized in blocks");
    if (option.substr(0, option.find('=')) == "size")
      c.expect(size.empty() && starts_with(option, "size="), place + " has two sizes");
    if (starts_with(option, "size=")) size = option.substr(5);
  }
  c.expect(size_within(size, place == "/dev/shm" ? limits.shm.max : limits.tmpfs.max), place + " has the size " + size);
  c.expect(ends_as(mount, "noexec", "exec"), place + " takes programs");
}

void check_place(const Case& c, const Json& mount, const std::string& type) {
  const std::string spelled = text(mount, "destination");
  const std::string place = plain_path(spelled);
  c.expect(starts_with(spelled, "/") && place != "/" && (spelled + "/").find("/../") == std::string::npos,
           "an odd destination: " + spelled);
  const bool system = within(place, "/proc") || within(place, "/sys");
  const bool own = (type == "proc" && place == "/proc") || (type == "sysfs" && place == "/sys") ||
                   ((type == "cgroup" || type == "cgroup2") && place == "/sys/fs/cgroup");
  c.expect(!system || (own && !is_bind(mount)), "something is mounted over the kernel's files: " + spelled);
  c.expect(own || (type != "proc" && type != "sysfs" && type != "cgroup" && type != "cgroup2"),
           "the kernel's files appear at " + spelled);
}

void check_options(const Case& c, const Json& mount, const std::string& type) {
  const std::string place = text(mount, "destination");
  for (const char* option : {"shared", "rshared", "slave", "rslave", "unbindable", "runbindable", "remount"})
    c.expect(!has_option(mount, option), place + " is mounted " + option);
  for (const std::string& option : strings(at(mount, "/options")))
    c.expect(option.find(',') == std::string::npos, place + " has options in an option: " + option);
  c.expect(ends_as(mount, "nosuid", "suid"), place + " takes set-user-ID programs");
  // The container's own device nodes and terminals lie in these two.
  const bool own_devices = type == "devpts" || (type == "tmpfs" && plain_path(place) == "/dev");
  c.expect(own_devices || ends_as(mount, "nodev", "dev"), place + " takes device nodes");
  if (type == "sysfs" || type == "cgroup" || type == "cgroup2")
    c.expect(ends_as(mount, "ro", "rw"), place + " is writable");
}

// Nothing of the engine's disappears, and what was read-only stays so.
void check_kept(const Case& c) {
  const Json& now = at(c.after, "/mounts");
  for (const Json& mount : at(c.before, "/mounts")) {
    const auto same = std::find_if(now.begin(), now.end(), [&mount](const Json& other) {
      return text(other, "destination") == text(mount, "destination") &&
             text(other, "source") == text(mount, "source") &&
             (!ends_as(mount, "ro", "rw") || ends_as(other, "ro", "rw"));
    });
    c.expect(same != now.end(), "a mount was lost or lost its ro: " + text(mount, "destination"));
  }
}

}  // namespace

void check_mounts(const Case& c) {
  const Strings types{"bind", "tmpfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2"};
  for (const Json& mount : at(c.after, "/mounts")) {
    const std::string type = is_bind(mount) ? "bind" : text(mount, "type");
    const std::string place = text(mount, "destination");
    c.expect(types.contains(type), place + " has the type " + type);
    check_place(c, mount, type);
    check_options(c, mount, type);
    if (type == "bind") check_bind(c, mount);
    if (type == "tmpfs") check_tmpfs(c, mount, plain_path(place));
  }
  check_kept(c);
}

}  // namespace hardened::property
