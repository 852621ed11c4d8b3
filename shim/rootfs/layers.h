// What the engine made a container's root file system of, taken before this process leaves the host's mount namespace.
#pragma once

#include <string>
#include <vector>

#include "host/probe.h"
#include "oci/spec.h"
#include "policy/policy.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::rootfs {

struct Layers {
  std::vector<Fd> lower;              // detached mounts, top first
  std::vector<std::string> features;  // overlayfs options they need
  // The directory with the engine's own writable layer, where that takes the writes, and the layer's name in it; a root
  // that is no overlay has no such name and is `engine_layer` itself.
  Fd engine_layer;
  std::string upper_name;
};

// Copies the mounts of the layers below /root/path and shows them with the ids of `user_namespace`. An overlay itself
// cannot be idmapped (EINVAL, still in Linux 6.18), its layers can (5.19).
// Errors: Code::policy where a layer's file system has no idmapped mounts, or a layer is not where its name says, or
// this host lacks the calls; Code::io.
[[nodiscard]] Result<Layers> take_layers(const Spec& spec, const host::Probe& probe, policy::Rootfs rootfs,
                                         int user_namespace);

}  // namespace hardened::rootfs
