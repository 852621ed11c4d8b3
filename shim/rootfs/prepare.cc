#include "rootfs/prepare.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <utility>

#include "host/bind_mount.h"
#include "rootfs/mount_api.h"
#include "rootfs/overlay_root.h"
#include "rootfs/small_namespace.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::rootfs {
namespace {

constexpr unsigned inert = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

struct Pinned {
  std::size_t index = 0;  // in /mounts
  std::string source;
  const host::PathFact* judged = nullptr;
  bool recursive = false;
  Fd tree;
};

// One of the engine's own files of this container, named without a detour. No container has that directory mounted, so
// not even the root of another one can exchange it.
bool is_engines_own(const std::string& source, const host::PathFact& fact, const host::Facts& facts) {
  return !facts.engine_directory.empty() && fact.root_controlled && fact.resolved == source &&
         is_within(source, facts.engine_directory);
}

// What the spec's options make of the mount. The runtime does so too, but crun 1.8 forgets nosuid and nodev on a
// writable bind mount in a user namespace; and these hold for mounts below it as well.
unsigned restrictions(const Json& mount) {
  struct Flag {
    const char* option;
    unsigned attribute;
  };
  constexpr Flag flags[] = {{"nosuid", MOUNT_ATTR_NOSUID}, {"nodev", MOUNT_ATTR_NODEV}, {"noexec", MOUNT_ATTR_NOEXEC}};
  unsigned attributes = 0;
  for (const std::string& option : Spec(mount).strings("/options")) {
    for (const Flag& flag : flags) attributes |= option == flag.option ? flag.attribute : 0U;
  }
  return attributes;
}

// May what the host mounts in the source later appear in the container? Its policy allowed it then. If not, the clone
// has to be cut off at once: where the host's mounts are shared, as systemd makes them, the runtime does so too late.
bool receives_mounts(const Json& mount) {
  constexpr std::string_view open[] = {"shared", "rshared", "slave", "rslave"};
  const std::vector<std::string> options = Spec(mount).strings("/options");
  return std::any_of(options.begin(), options.end(), [&open](const std::string& option) {
    return std::find(std::begin(open), std::end(open), option) != std::end(open);
  });
}

// "ext4, overlay (/tmp/x)": its own and those mounted below it.
std::string file_systems(const host::PathFact& fact) {
  std::vector<std::string> names{fact.file_system};
  for (const host::PathFact& below : fact.mounted_below)
    names.push_back(fmt::format("{} ({})", below.file_system, below.resolved));
  return join(names, ", ");
}

class Sources {
 public:
  Sources(const host::Probe& probe, const Profile& profile, int user_namespace)
      : probe_(probe), profile_(profile), user_namespace_(user_namespace) {}

  // In the host's mount namespace: the kernel clones no mount of another one.
  [[nodiscard]] Result<std::vector<Pinned>> pin(const Spec& spec) const {
    std::vector<Pinned> pinned;
    std::size_t index = 0;
    for (const Json& mount : spec.elements("/mounts")) {
      TRY(found, pin(mount, index++));
      if (found) pinned.push_back(std::move(*found));
    }
    return pinned;
  }

 private:
  [[nodiscard]] Result<std::optional<Pinned>> pin(const Json& mount, std::size_t index) const {
    const std::string source = host::bind_source(mount);
    if (source.empty()) return std::nullopt;
    const auto fd = probe_.sources.find(source);
    const auto fact = probe_.facts.paths.find(source);
    if (fd == probe_.sources.end() || fact == probe_.facts.paths.end())
      return fail(Code::io, "cannot mount " + in_quotes(source) + ": it did not exist when it was judged");
    if (user_namespace_ < 0 && is_engines_own(source, fact->second, probe_.facts)) return std::nullopt;
    const bool recursive = host::is_recursive_bind(mount);
    TRY(tree, clone_tree(fd->second.get(), recursive, in_quotes(source)));
    if (!receives_mounts(mount)) TRY_DO(set_propagation(tree.get(), MS_PRIVATE, recursive, in_quotes(source)));
    if (user_namespace_ >= 0) TRY_DO(map(tree, recursive, source, fact->second));
    TRY_DO(restrict_mount(tree.get(), restrictions(mount), recursive, in_quotes(source)));
    return Pinned{index, source, &fact->second, recursive, std::move(tree)};
  }

  [[nodiscard]] Status map(const Fd& tree, bool recursive, const std::string& source,
                           const host::PathFact& fact) const {
    TRY(mapped, map_ids(tree.get(), user_namespace_, recursive, in_quotes(source)));
    if (mapped || profile_.user_namespace.plain_mounts) return {};
    return fail(
        Code::policy,
        fmt::format("cannot map the user ids of {}: not each of its file systems has idmapped mounts: {}",
                    in_quotes(source), file_systems(fact)),
        "set \"unmappable_mounts\" to \"plain\" in \"user_namespace\" of the profile, if its files may appear as "
        "nobody's");
  }

  const host::Probe& probe_;
  const Profile& profile_;
  int user_namespace_;
};

// The engine's own mount of that layer stays beside ours, and neither sees what is written through the other: a file
// that `docker cp` puts into a directory makes it unusable inside (copy-up: ENOTEMPTY). Read-only, the engine says so.
Status freeze_engine_root(const Spec& spec, const host::Probe& probe) {
  const std::string path = spec.text("/root/path").value_or("");
  TRY(root, open_at(AT_FDCWD, probe.facts.paths.at(path).resolved, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  return restrict_mount(root.get(), MOUNT_ATTR_RDONLY, false, in_quotes(path));
}

// Slave, not private: an unmount on the host must still reach us, or a device would stay busy.
Status enter_private_namespace() {
  if (::unshare(CLONE_NEWNS) != 0) return fail_errno("cannot make a mount namespace", errno);
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0)
    return fail_errno("cannot keep mounts from the host", errno);
  return {};
}

// A container with users of its own brings all that it is made from; the runtime needs little else of the host.
Status enter_namespace(const host::Probe& probe, const Places& places, bool own_users) {
  if (own_users && places.needed) {
    std::vector<std::string> needed = *places.needed;
    needed.insert(needed.end(), {places.mounts, places.root});
    TRY(entered, enter_small_namespace(places.state, probe.mounts, std::move(needed)));
    if (entered) return {};
  }
  return enter_private_namespace();
}

// A file system for mount points, gone with the namespace: nothing is left on the host.
Result<Fd> open_workshop(const std::string& directory) {
  TRY(tmpfs, new_mount("tmpfs", {{"size", "1m"}, {"mode", "0711"}}, inert, "the directory of mounts"));
  TRY_DO(attach(tmpfs.get(), AT_FDCWD, directory));
  return open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// A mount made in the directory after it was judged is in the clone, too, and whoever may create volumes can make one
// in a volume at any time. Only an attached clone tells what is in it.
Status check_mounts(const Pinned& pinned) {
  const host::PathFact& judged = *pinned.judged;
  if (!pinned.recursive || !S_ISDIR(judged.mode)) return {};
  TRY(table, host::MountTable::read());
  TRY(id, table.id_of(pinned.tree.get()));
  TRY(own, table.find(id));
  if (own == nullptr) return fail(Code::io, "cannot look at the mount of " + in_quotes(pinned.source));
  TRY(brought, table.below(id, own->target));
  for (const host::PathFact& mount : brought) {
    const std::string name = mount.resolved.substr(own->target.size());
    const std::string path = (judged.resolved == "/" ? "" : judged.resolved) + name;
    const auto is_it = [&](const host::PathFact& below) {
      return below.resolved == path && below.location == mount.location && below.file_system == mount.file_system;
    };
    if (std::none_of(judged.mounted_below.begin(), judged.mounted_below.end(), is_it))
      return fail(Code::io,
                  fmt::format("cannot mount {}: something was mounted at {} after it was judged",
                              in_quotes(pinned.source), in_quotes(path)),
                  "start the container again");
  }
  return {};
}

Result<Change> place(const Pinned& pinned, int workshop, const std::string& directory) {
  const std::string name = "b" + std::to_string(pinned.index);
  const int made = S_ISDIR(pinned.judged->mode) ? ::mkdirat(workshop, name.c_str(), 0700)
                                                : ::mknodat(workshop, name.c_str(), S_IFREG | 0600, 0);
  if (made != 0) return fail_errno("cannot make the mount point " + name, errno);
  TRY_DO(attach(pinned.tree.get(), workshop, name));
  TRY_DO(check_mounts(pinned));
  return Change{"/mounts/" + std::to_string(pinned.index) + "/source", Json(pinned.source),
                Json(directory + "/" + name)};
}

constexpr std::uint64_t mount_points = std::uint64_t{1}
                                       << 20;  // bytes the runtime may use for those of a read-only root

// Opened anew, because overlayfs takes layers of its own mount namespace only; and compared, because it is opened anew.
Result<Fd> open_lower(const host::PathFact& root) {
  TRY(lower, open_at(AT_FDCWD, root.resolved, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(lower.get(), &status) != 0) return fail_errno("cannot stat the root file system", errno);
  if (host::Identity{status.st_dev, status.st_ino} != root.identity)
    return fail(Code::io,
                "cannot use the root file system " + in_quotes(root.resolved) + ": it was exchanged meanwhile");
  return lower;
}

std::string by_descriptor(int fd) {
  return "/proc/self/fd/" + std::to_string(fd);
}

Result<std::string> place_layer(const Fd& layer, int workshop, const std::string& name) {
  if (::mkdirat(workshop, name.c_str(), 0700) != 0) return fail_errno("cannot make the mount point " + name, errno);
  TRY_DO(attach(layer.get(), workshop, name));
  return by_descriptor(workshop) + "/" + name;
}

Status mount_root(const Layers& layers, OverlayRoot wanted, int workshop) {
  if (layers.engine_layer.valid() && layers.upper_name.empty())
    return attach(layers.engine_layer.get(), AT_FDCWD, wanted.target);
  for (const Fd& layer : layers.lower) {
    TRY(path, place_layer(layer, workshop, "l" + std::to_string(wanted.lower.size())));
    wanted.lower.push_back(std::move(path));
  }
  if (layers.engine_layer.valid()) {
    TRY(path, place_layer(layers.engine_layer, workshop, "e"));
    wanted.engine_layer = std::move(path);
    wanted.upper_name = layers.upper_name;
  }
  wanted.features = layers.features;
  return mount_overlay_root(wanted, workshop);
}

Result<Change> place_root(const Spec& spec, const host::Probe& probe, const Profile& profile, const OwnUsers* users,
                          int workshop, const std::string& target) {
  const std::string path = spec.text("/root/path").value_or("");
  const auto fact = probe.facts.paths.find(path);
  if (fact == probe.facts.paths.end() || !fact->second.exists)
    return fail(Code::io, "cannot find the root file system " + in_quotes(path));
  OverlayRoot wanted;
  wanted.size = profile.rootfs == policy::Rootfs::ephemeral ? profile.rootfs_size : mount_points;
  wanted.ids = probe.facts.ids;
  wanted.target = target;
  if (probe.facts.selinux) wanted.label = spec.text("/linux/mountLabel").value_or("");
  if (users != nullptr) {
    TRY_DO(mount_root(users->layers, std::move(wanted), workshop));
  } else {
    TRY(lower, open_lower(fact->second));
    wanted.lower = {by_descriptor(lower.get())};
    TRY_DO(mount_overlay_root(wanted, workshop));
  }
  return Change{"/root/path", Json(path), Json(target)};
}

// The flags of the source stay locked in the container's user namespace: a remount that does not repeat them is EPERM
// (mount_namespaces(7)), and runc before 1.2 does not.
std::vector<Change> repeat_flags(const Spec& spec, const std::vector<Pinned>& pinned) {
  struct Flag {
    unsigned long bit;
    const char* option;
  };
  constexpr Flag flags[] = {{ST_RDONLY, "ro"},     {ST_NOSUID, "nosuid"},   {ST_NODEV, "nodev"},
                            {ST_NOEXEC, "noexec"}, {ST_NOATIME, "noatime"}, {ST_NODIRATIME, "nodiratime"}};
  std::vector<Change> changes;
  for (const Pinned& source : pinned) {
    struct statvfs status {};
    const std::string pointer = "/mounts/" + std::to_string(source.index) + "/options";
    const std::vector<std::string> given = spec.strings(pointer);
    if (::fstatvfs(source.tree.get(), &status) != 0) continue;
    for (const Flag& flag : flags) {
      if ((status.f_flag & flag.bit) != 0 && std::find(given.begin(), given.end(), flag.option) == given.end())
        changes.push_back({pointer + "/-", std::nullopt, Json(flag.option)});
    }
  }
  return changes;
}

// A network namespace that another user namespace owns shows no sysfs to ours (EPERM): the host's is bound instead,
// read-only, with the same paths masked.
std::vector<Change> bind_sysfs(const Spec& spec) {
  std::vector<Change> changes;
  for (const Json& element : spec.elements("/linux/namespaces")) {
    const bool own_network =
        oci::text(element, "/type") == "network" && oci::text(element, "/path").value_or("").empty();
    const bool joins_users = oci::text(element, "/type") == "user" && !oci::text(element, "/path").value_or("").empty();
    if (own_network || joins_users) return changes;
  }
  std::size_t index = 0;
  for (const Json& mount : spec.elements("/mounts")) {
    const std::string pointer = "/mounts/" + std::to_string(index++);
    if (oci::text(mount, "/type") != "sysfs") continue;
    Json bound = mount;
    bound["type"] = "bind";
    bound["source"] = "/sys";
    bound["options"] = {"rbind", "nosuid", "noexec", "nodev", "ro"};
    changes.push_back({pointer, mount, std::move(bound)});
  }
  return changes;
}

}  // namespace

Result<std::vector<Change>> prepare(const Spec& spec, const host::Probe& probe, const Profile& profile,
                                    const Places& places, const OwnUsers* users) {
  TRY(pinned, Sources(probe, profile, users != nullptr ? users->user_namespace.get() : -1).pin(spec));
  const bool own_root = users != nullptr || profile.rootfs == policy::Rootfs::ephemeral;
  std::vector<Change> changes;
  if (users != nullptr) {
    changes = repeat_flags(spec, pinned);
    for (Change& change : bind_sysfs(spec)) changes.push_back(std::move(change));
  }
  if (pinned.empty() && !own_root) return changes;
  TRY_DO(make_directories(places.mounts, 0711));
  if (own_root) {
    TRY_DO(make_directories(places.root, 0711));
    // Whatever the caller's umask: the container's root is nobody here, and has to pass.
    if (::chmod(places.root.c_str(), 0711) != 0) return fail_errno("cannot open the way to " + places.root, errno);
  }
  if (users != nullptr && !users->layers.upper_name.empty()) TRY_DO(freeze_engine_root(spec, probe));
  TRY_DO(enter_namespace(probe, places, users != nullptr));
  TRY(workshop, open_workshop(places.mounts));
  for (const Pinned& source : pinned) {
    TRY(change, place(source, workshop.get(), places.mounts));
    changes.push_back(std::move(change));
  }
  if (own_root) {
    TRY(change, place_root(spec, probe, profile, users, workshop.get(), places.root));
    changes.push_back(std::move(change));
  }
  return changes;
}

}  // namespace hardened::rootfs
