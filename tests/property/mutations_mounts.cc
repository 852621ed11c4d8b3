// What a user may mount, and how an option may be spelled.
#include <sys/stat.h>

#include <string>
#include <utility>

#include "mutation.h"

namespace hardened::property {
namespace {

struct HostPath {
  const char* source;
  const char* resolved;
  mode_t mode;
};
constexpr HostPath host_paths[] = {
    {"/srv/data", "/srv/data", S_IFDIR | 0755},
    {"/srv/data/", "/srv/data", S_IFDIR | 0755},
    {"/srv/file", "/srv/file", S_IFREG | 0644},
    {"/home/alice/project", "/home/alice/project", S_IFDIR | 0755},
    {"/var/lib/docker/volumes/v/_data", "/var/lib/docker/volumes/v/_data", S_IFDIR | 0755},
    {"/srv/innocent", "/etc", S_IFDIR | 0755},
    {"/etc", "/etc", S_IFDIR | 0755},
    {"/etc/passwd", "/etc/passwd", S_IFREG | 0644},
    {"/etc/localtime", "/usr/share/zoneinfo/UTC", S_IFREG | 0644},
    {"/", "/", S_IFDIR | 0755},
    {"/srv/..", "/", S_IFDIR | 0755},
    {"/var/run/docker.sock", "/run/docker.sock", S_IFSOCK | 0660},
    {"/srv/sock", "/run/docker.sock", S_IFSOCK | 0660},
    {"/srv/other.sock", "/srv/other.sock", S_IFSOCK | 0666},
    {"/run", "/run", S_IFDIR | 0755},
    {"/var/run", "/run", S_IFDIR | 0755},
    {"/var", "/var", S_IFDIR | 0755},
    {"/home", "/home", S_IFDIR | 0755},
    {"/home/alice", "/home/alice", S_IFDIR | 0755},
    {"/home/alice/.ssh", "/home/alice/.ssh", S_IFDIR | 0700},
    {"/dev/sda", "/dev/sda", S_IFBLK | 0660},
    {"/dev", "/dev", S_IFDIR | 0755},
    {"/proc", "/proc", S_IFDIR | 0555},
    {"/proc/1/root", "/", S_IFDIR | 0755},
    {"/sys", "/sys", S_IFDIR | 0555},
    {"/sys/fs/cgroup", "/sys/fs/cgroup", S_IFDIR | 0555},
    {"/root/.ssh", "/root/.ssh", S_IFDIR | 0700},
    {"/var/lib/docker/volumes/x/_data/../../..", "/var/lib/docker", S_IFDIR | 0710},
    {"/var/lib/docker/containers", "/var/lib/docker/containers", S_IFDIR | 0710},
};
constexpr const char* destinations[] = {
    "/data", "/data/",  "/run",     "/run/secrets/x", "/tmp",     "/tmp/y",    "/etc/hosts",
    "/var",  "/app/x/", "//app",    "/srv/../data",   "/dev/foo", "/proc/sys", "/sys/fs",
    "/proc", "/",       "relative", "/dev/shm",       "/dev",     "/var/tmp",  ""};
// Plain, recursive, joined, doubled, cased and unknown spellings.
constexpr const char* options[] = {"rw",          "ro",          "rro",         "rrw",       "shared",     "rshared",
                                   "slave",       "rslave",      "private",     "rprivate",  "unbindable", "exec",
                                   "noexec",      "rexec",       "rnoexec",     "suid",      "rsuid",      "nosuid",
                                   "dev",         "rdev",        "nodev",       "bind",      "rbind",      "nosuid=",
                                   "nodev=1",     "noexec==",    "private=0",   "rprivate=", "ro=0",       "bind=1",
                                   "suid=",       "rro=",        "RW",          "rw,suid",   "dev,exec",   "size=1g",
                                   "size=64k",    "size=0",      "size=100%",   "size=0x1",  "size=-1",    "size",
                                   "nr_blocks=0", "nr_inodes=0", "mode=1777",   "uid=0",     "remount",    "defaults",
                                   "idmap",       "tmpcopyup",   "copy-symlink"};

std::string option(Random& random) {
  return one_of(random, options);
}

Json some_options(Random& random, std::size_t most) {
  Json list = Json::array();
  for (std::size_t i = pick(random, most + 1); i > 0; --i) list.push_back(option(random));
  return list;
}

Json& random_mount(Random& random, Sample& sample) {
  Json& list = list_in(sample.spec, "mounts");
  if (list.empty()) list.push_back({{"destination", "/data"}, {"type", "tmpfs"}, {"source", "tmpfs"}});
  return list[pick(random, list.size())];
}

void bind(Random& random, Sample& sample) {
  // Half of them something a user may well mount, so that not all are refused.
  const HostPath path = once_in(random, 2) ? host_paths[pick(random, 5)] : one_of(random, host_paths);
  Json mount = {{"destination", once_in(random, 2) ? "/data" : one_of(random, destinations)},
                {"type", once_in(random, 4) ? "" : "bind"},
                {"source", path.source},
                {"options", Json::array({once_in(random, 2) ? "rbind" : "bind"})}};
  for (const Json& word : some_options(random, 3)) mount["options"].push_back(word);
  if (once_in(random, 8)) mount.erase("type");
  host::PathFact fact;
  fact.exists = !once_in(random, 20);
  fact.resolved = path.resolved;
  fact.identity = {1, 1000 + pick(random, 1000)};
  fact.mode = path.mode;
  fact.location = {1, path.resolved};
  sample.facts.paths[path.source] = fact;
  list_in(sample.spec, "mounts").push_back(std::move(mount));
}

// Something without a source, with another type than its options say, or of a type no container needs.
void mount(Random& random, Sample& sample) {
  constexpr const char* types[] = {"tmpfs",   "tmpfs",  "tmpfs", "proc",   "sysfs", "bpf",   "debugfs", "overlay",
                                   "cgroup2", "mqueue", "ext4",  "devpts", "none",  "TMPFS", ""};
  const std::string place =
      once_in(random, 2) ? "/m" + std::to_string(pick(random, 3)) : std::string(one_of(random, destinations));
  Json mount = {
      {"destination", place}, {"type", one_of(random, types)}, {"source", "x"}, {"options", some_options(random, 3)}};
  if (once_in(random, 6)) mount.erase("options");
  if (once_in(random, 6)) mount.erase("source");
  list_in(sample.spec, "mounts").push_back(std::move(mount));
}

void add_option(Random& random, Sample& sample) {
  list_in(random_mount(random, sample), "options").push_back(option(random));
}

void lose_options(Random& random, Sample& sample) {
  random_mount(random, sample).erase("options");
}

// The second mount at a place covers the first.
void duplicate_mount(Random& random, Sample& sample) {
  Json copy = random_mount(random, sample);
  if (once_in(random, 2)) list_in(copy, "options").push_back(option(random));
  list_in(sample.spec, "mounts").push_back(std::move(copy));
}

void drop_mount(Random& random, Sample& sample) {
  Json& list = list_in(sample.spec, "mounts");
  if (!list.empty()) list.erase(list.begin() + static_cast<std::ptrdiff_t>(pick(random, list.size())));
}

void swap_mounts(Random& random, Sample& sample) {
  std::swap(random_mount(random, sample), random_mount(random, sample));
}

void id_mapped(Random& random, Sample& sample) {
  const Json mapping =
      Json::array({{{"containerID", 0}, {"hostID", once_in(random, 2) ? 0 : 100000}, {"size", 65536}}});
  Json& mount = random_mount(random, sample);
  mount["uidMappings"] = mapping;
  mount["gidMappings"] = mapping;
}

void root(Random& random, Sample& sample) {
  constexpr const char* paths[] = {"/", "/etc", "rootfs", "/srv/data", "", "/var/lib/docker/overlay2/../../../.."};
  Json& root = object_in(sample.spec, "root");
  root["readonly"] = once_in(random, 2);
  if (!once_in(random, 4)) return;
  root["path"] = one_of(random, paths);
}

constexpr Mutation table[] = {
    {"bind", bind},
    {"mount", mount},
    {"add-option", add_option},
    {"lose-options", lose_options},
    {"duplicate-mount", duplicate_mount},
    {"drop-mount", drop_mount},
    {"swap-mounts", swap_mounts},
    {"id-mapped", id_mapped},
    {"root", root},
};

}  // namespace

std::span<const Mutation> mount_mutations() {
  return table;
}

}  // namespace hardened::property
