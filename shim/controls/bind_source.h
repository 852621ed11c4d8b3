// Where a bind mount really leads, and which sources are an engine's own: the judgement engine-sockets,
// sensitive-mounts and system-mounts share. A path is only a name: symbolic links, bind mounts and local volumes over
// host directories
// ("device=/etc") give a sensitive place an innocent one, so the place inside the file system is compared as well.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controls/mounts.h"
#include "host/facts.h"
#include "policy/policy.h"

namespace hardened::controls {

enum class Relation {
  none,
  below,  // the source lies below the sensitive path, which covers its subtree
  above,  // the source is a directory that contains the sensitive path
  same,
};

// One thing a bind mount hands to the container: the source itself, or what is mounted below it and comes along.
struct Handed {
  const host::PathFact& fact;
  std::string name;  // as a sentence begins: the bind source "/srv"
};

// Everything `mount`, a bind mount of `source`, hands to the container: with "rbind" the mounts below as well, which on
// many a host are the /proc, /dev and /run of a chroot.
[[nodiscard]] std::vector<Handed> handed_over(const MountView& mount, const host::PathFact& source);

// What the source of `mount` is on this host; nothing where it does not exist.
[[nodiscard]] const host::PathFact* source_fact(const MountView& mount, const Facts& facts);

// How a source relates to a sensitive path: by name, by inode and by place inside the file system, whichever is worst.
// With `allowed` the name below a sensitive directory is forgiven (see allowed_source), as long as nothing else is
// mounted there.
[[nodiscard]] Relation relation(const host::PathFact& source, const host::SensitiveFact& sensitive, bool allowed);

// The path of `source` relative to `sensitive` ("alice/.ssh"), by name or by place; nothing where it is not below it.
[[nodiscard]] std::optional<std::string> rest_below(const host::PathFact& source, const host::SensitiveFact& sensitive);

// Does `mount` bring to `resolved` what an engine itself mounts there: this container's own files, a volume's data,
// what a container that shares its network or IPC namespace needs (hosts, resolv.conf, shm), a pod's volumes?
[[nodiscard]] bool is_engine_owned(const MountView& mount, std::string_view resolved, const Facts& facts);

// Is it the init program `--init` asks for: a program of the host, read-only, at the place engines put it?
[[nodiscard]] bool is_init_program(const MountView& mount, const host::PathFact& source);

// Does `mount` share the host's /dev/shm or /dev/mqueue, which comes with the host's IPC namespace, and does the
// profile grant that namespace?
[[nodiscard]] bool is_shared_ipc(const MountView& mount, const Policy& policy);

// What a waiver has to name for the source of `mount`: its spelling, as the user wrote it. Not where that is somebody
// else's to say: over a symbolic link that not only root may exchange it is the path the link leads to, and where an
// innocent name holds a sensitive place (a volume made with "device=/etc") it is that place.
[[nodiscard]] std::string waivable(const MountView& mount, const Facts& facts);

// May a source be where it is although the directories above it are sensitive? True for what is engine-owned, for the
// init program, and for time zones and certificates when read-only.
[[nodiscard]] bool allowed_source(const MountView& mount, const host::PathFact& source, const Facts& facts);

}  // namespace hardened::controls
