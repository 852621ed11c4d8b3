// What a create does to the host before the runtime takes over: the mounts a container is made from.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/probe.h"
#include "oci/spec.h"
#include "policy/policy.h"
#include "rootfs/layers.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::rootfs {

// Directories on the host, which only root may write.
struct Places {
  std::string state;   // of all containers, above the next two: "/run/hardened"
  std::string mounts;  // where mounts are collected, in a mount namespace of our own: "/run/hardened/mounts"
  // Where a root file system of our making appears. The (empty) directory is made on the host and stays until the
  // caller removes it with the grant: `runc exec` is called in the host's mount namespace and does chdir(2) to
  // root.path (runc 1.1.5 container_linux.go commandTemplate). With a user namespace the container's root has to pass
  // here.
  std::string root;
  // What will be asked for by path from now on, besides these (see enter_small_namespace()); none where that cannot be
  // told.
  std::optional<std::vector<std::string>> needed;
};

// What a container with a user namespace is mounted with.
struct OwnUsers {
  Fd user_namespace;  // with its mapping
  Layers layers;      // of its root file system, with its ids
};

// Makes the spec's bind sources the very objects that were judged, and with Rootfs::ephemeral a root file system whose
// writes go to a tmpfs of profile.rootfs_size bytes. With `users` all of it appears
// with the container's ids: the root is put together anew from the engine's layers, each of them idmapped, and so is
// every bind source. Moves this process into a mount namespace of its own if there is anything to mount, with few of
// the host's mounts where that is possible (rootfs/small_namespace.h); the caller then executes the runtime in it.
// Nothing has to be undone on failure: the mounts go with the last process of the namespace.
//
// Without a user namespace files in the engine's own directory of the container are left to the runtime: a plain Docker
// container needs no namespace and no mounts. Every other source is cloned from the descriptor the probe judged,
// because whoever may write a directory on its way, be it as root of another container that shares the volume, may put
// a symbolic link to /etc there after the check (the race of CVE-2021-30465, on the host's side).
//
// Returns the changes to /mounts/* and /root/path, not yet applied. Errors: Code::io; a bind source that did not exist
// when it was judged, or in which something has been mounted since; Code::policy where a file system has no idmapped
// mounts and the profile refuses that.
[[nodiscard]] Result<std::vector<Change>> prepare(const Spec& spec, const host::Probe& probe, const Profile& profile,
                                                  const Places& places, const OwnUsers* users = nullptr);

}  // namespace hardened::rootfs
