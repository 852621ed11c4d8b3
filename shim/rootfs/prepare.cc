#include "rootfs/prepare.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <utility>

#include "host/bind_mount.h"
#include "rootfs/ephemeral.h"
#include "rootfs/mount_api.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::rootfs {
namespace {

constexpr unsigned inert = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

struct Pinned {
  std::size_t index = 0;  // in /mounts
  std::string source;
  bool directory = false;
  Fd tree;
};

// One of the engine's own files of this container, named without a detour. No container has that directory mounted, so
// not even the root of another one can exchange it.
bool is_engines_own(const std::string& source, const host::PathFact& fact, const host::Facts& facts) {
  return !facts.engine_directory.empty() && fact.root_controlled && fact.resolved == source &&
         is_within(source, facts.engine_directory);
}

Result<std::optional<Pinned>> pin(const Json& mount, std::size_t index, const host::Probe& probe) {
  const std::string source = host::bind_source(mount);
  if (source.empty()) return std::nullopt;
  const auto fd = probe.sources.find(source);
  const auto fact = probe.facts.paths.find(source);
  if (fd == probe.sources.end() || fact == probe.facts.paths.end())
    return fail(Code::io, "cannot mount " + in_quotes(source) + ": it did not exist when it was judged");
  if (is_engines_own(source, fact->second, probe.facts)) return std::nullopt;
  TRY(tree, clone_tree(fd->second.get(), host::is_recursive_bind(mount), in_quotes(source)));
  return Pinned{index, source, S_ISDIR(fact->second.mode), std::move(tree)};
}

// In the host's mount namespace: the kernel clones no mount of another one.
Result<std::vector<Pinned>> pin_sources(const Spec& spec, const host::Probe& probe) {
  std::vector<Pinned> pinned;
  std::size_t index = 0;
  for (const Json& mount : spec.elements("/mounts")) {
    TRY(found, pin(mount, index++, probe));
    if (found) pinned.push_back(std::move(*found));
  }
  return pinned;
}

// Slave, not private: an unmount on the host must still reach us, or a device would stay busy.
Status enter_private_namespace() {
  if (::unshare(CLONE_NEWNS) != 0) return fail_errno("cannot make a mount namespace", errno);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return fail_errno("cannot keep mounts from the host", errno);
  return {};
}

// A file system for mount points, gone with the namespace: nothing is left on the host.
Result<Fd> open_workshop(const std::string& directory) {
  TRY(tmpfs, new_mount("tmpfs", {{"size", "1m"}, {"mode", "0711"}}, inert, "the directory of mounts"));
  TRY_DO(attach(tmpfs.get(), AT_FDCWD, directory));
  return open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// The clone keeps its propagation: a shared volume stays shared, and what the container sees of that is its spec's say.
Result<Change> place(const Pinned& pinned, int workshop, const std::string& directory) {
  const std::string name = "b" + std::to_string(pinned.index);
  const int made =
      pinned.directory ? ::mkdirat(workshop, name.c_str(), 0700) : ::mknodat(workshop, name.c_str(), S_IFREG | 0600, 0);
  if (made != 0) return fail_errno("cannot make the mount point " + name, errno);
  TRY_DO(attach(pinned.tree.get(), workshop, name));
  return Change{"/mounts/" + std::to_string(pinned.index) + "/source", Json(pinned.source),
                Json(directory + "/" + name)};
}

Result<Change> place_root(const Spec& spec, const host::Probe& probe, const Profile& profile, int workshop,
                          const std::string& target) {
  const std::string path = spec.text("/root/path").value_or("");
  const auto fact = probe.facts.paths.find(path);
  if (fact == probe.facts.paths.end() || !fact->second.exists)
    return fail(Code::io, "cannot find the root file system " + in_quotes(path));
  Ephemeral wanted{fact->second.resolved, fact->second.identity, profile.rootfs_size, {}, target};
  if (probe.facts.selinux) wanted.label = spec.text("/linux/mountLabel").value_or("");
  TRY_DO(mount_ephemeral(wanted, workshop));
  return Change{"/root/path", Json(path), Json(target)};
}

}  // namespace

Result<std::vector<Change>> prepare(const Spec& spec, const host::Probe& probe, const Profile& profile,
                                    const Places& places) {
  TRY(pinned, pin_sources(spec, probe));
  const bool ephemeral = profile.rootfs == policy::Rootfs::ephemeral;
  std::vector<Change> changes;
  if (pinned.empty() && !ephemeral) return changes;
  TRY_DO(make_directories(places.mounts, 0711));
  if (ephemeral) TRY_DO(make_directories(places.root, 0711));
  TRY_DO(enter_private_namespace());
  TRY(workshop, open_workshop(places.mounts));
  for (const Pinned& source : pinned) {
    TRY(change, place(source, workshop.get(), places.mounts));
    changes.push_back(std::move(change));
  }
  if (ephemeral) {
    TRY(change, place_root(spec, probe, profile, workshop.get(), places.root));
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace hardened::rootfs
