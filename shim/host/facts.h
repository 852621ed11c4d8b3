// What the machine is like, gathered once per call by probe.h: the controls decide on this and the spec alone.
#pragma once

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernel/user_namespace.h"
#include "oci/json.h"
#include "oci/workload.h"

namespace hardened::host {

struct Identity {  // stat(2): what a path is, whatever it is called
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  auto operator<=>(const Identity&) const = default;
};

// Where something lies inside its file system: survives bind mounts and symbolic links, unlike a path.
struct Location {
  std::uint64_t device = 0;  // of the mount (mountinfo's major:minor)
  std::string path;          // from the root of the file system, clean
  auto operator<=>(const Location&) const = default;
};

// One host path a spec names, judged through one O_PATH descriptor.
struct PathFact {
  bool exists = false;
  std::string resolved;  // every symbolic link followed; clean; empty when it has no path (a namespace, a pipe)
  Identity identity;
  Location location;
  std::string file_system;  // its type as mountinfo has it ("ext4", "proc"); empty where there is no location
  mode_t mode = 0;          // st_mode: type and permissions
  dev_t node = 0;           // st_rdev: which device, where `mode` says it is a device node
  uid_t owner = 0;
  std::uint64_t capacity = 0;  // bytes, of a tmpfs; the largest number for a ramfs, which has none
  // A link on its way may be turned by somebody who is not root: what the spec's spelling names is theirs to say.
  bool by_foreign_link = false;
  bool root_controlled = false;  // it and every directory above it: owned by root, not writable by others
  // Bind sources: what is mounted below it, which a recursive bind brings along; of these only `resolved`, `location`
  // and `file_system` are known.
  std::vector<PathFact> mounted_below;
};

// Where a mount's destination lies in the image.
struct Destination {
  std::string path;     // clean, no symbolic link in it
  std::string problem;  // why that cannot be told; empty where it can
};

struct NamespaceFact {
  Identity identity;
  bool host = false;         // the very namespace this program runs in
  bool hosts_users = false;  // it belongs to the user namespace this program runs in
  // The container of ours it belongs to; nothing when it is not one of ours. The probe can only guess it (from a
  // cgroup's name): the caller must clear it where no grant of that id exists.
  std::optional<std::string> container;
  kernel::IdMapping ids;  // of that container, by its grant
};

enum class RuntimeKind { runc, crun, other };

struct RuntimeFact {
  std::string path;
  RuntimeKind kind = RuntimeKind::other;
  int major = 0, minor = 0, patch = 0;
};

// A path that must not be handed to a container (sensitive.h), with what it is on this host.
struct SensitiveFact {
  std::string path;
  bool socket = false;  // the API socket of an engine, or another door to the host
  bool subtree = true;  // false: the directory itself and its parents only; what lies below is allowed
  PathFact fact;
};

enum class Operation { create, exec, update };

struct Facts {
  Operation operation = Operation::create;
  Workload workload;
  RuntimeFact runtime;

  // The user namespace this container is to have: its host ids, and the namespace itself where it joins other
  // namespaces of a container with users of its own. Without ids it has neither, and `no_user_namespace` says why where
  // the profile wants one.
  kernel::IdMapping ids;
  std::string joined_user_namespace;
  std::string no_user_namespace;

  std::string architecture = "x86_64";  // uname -m
  int kernel_major = 0, kernel_minor = 0;
  int cgroup_version = 2;        // 1 also for the hybrid layout
  bool swap_accounting = false;  // a swap limit can be set: v1 memory.memsw.limit_in_bytes, v2 memory.swap.max exists
  bool apparmor = false;         // enabled, and its profiles can be applied
  bool selinux = false;
  std::vector<std::string> apparmor_profiles;  // loaded ones, when readable
  std::uint64_t memory_total = 0;              // bytes
  unsigned cpus = 1;
  // The hard limits a container inherits from the runtime that makes it, by "RLIMIT_…"; RLIM_INFINITY is no entry.
  std::map<std::string, std::uint64_t> inherited_limits;
  std::map<std::string, gid_t> groups;  // privileged host groups (docker, disk, shadow, kvm …) → gid

  // Bind sources, linux.devices[].path, hook programs, root.path: by the spec's own spelling.
  std::map<std::string, PathFact> paths;
  std::map<std::string, Destination> destinations;  // by the spec's spelling, and for paths the profile mounts at
  std::map<std::string, NamespaceFact> namespaces;  // by the spec's linux.namespaces[].path
  std::vector<SensitiveFact> sensitive;
  std::vector<std::string> graph_roots;      // directories below which engines keep root file systems and volumes
  std::vector<SensitiveFact> engine_roots;   // the same as places, which may have other names, too
  std::string engine_directory;              // the engine's own directory of this container; empty when unknown
  std::vector<std::string> unknown_members;  // of the spec, as JSON pointers

  // What create granted (exec and update): the final process object and resources; null on create.
  Json granted_process;
  Json granted_resources;
};

}  // namespace hardened::host

namespace hardened {
using host::Facts;
}
