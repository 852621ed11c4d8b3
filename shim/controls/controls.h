// Every control, one file each; registry.cc puts them in order.
#pragma once

#include "controls/control.h"

namespace hardened::controls {

extern const Control additional_groups;
extern const Control annotations;
extern const Control apparmor;
extern const Control approved_images;
extern const Control blkio;
extern const Control capabilities;
extern const Control cgroup_parent;
extern const Control cpu;
extern const Control devices;
extern const Control engine_sockets;
extern const Control hooks;
extern const Control host_namespaces;
extern const Control hugetlb;
extern const Control intel_rdt;
extern const Control masked_paths;
extern const Control memory;
extern const Control mount_destinations;
extern const Control mount_options;
extern const Control mount_types;
extern const Control net_devices;
extern const Control no_new_privileges;
extern const Control non_root_user;
extern const Control pids;
extern const Control process_knobs;
extern const Control propagation;
extern const Control read_only_rootfs;
extern const Control rlimits;
extern const Control root_path;
extern const Control seccomp;
extern const Control secret_env;
extern const Control selinux;
extern const Control sensitive_mounts;
extern const Control sysctls;
extern const Control system_mounts;
extern const Control tmpfs_size;
extern const Control unified_cgroup;
extern const Control unknown_fields;
extern const Control user_namespace;
extern const Control writable_paths;

}  // namespace hardened::controls
