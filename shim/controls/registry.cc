#include "controls/registry.h"

#include "controls/controls.h"

namespace hardened::controls {
namespace {

constexpr const Control* table[] = {
    &unknown_fields,
    &approved_images,
    &non_root_user,  // before those that ask whether the process is root
    &additional_groups,
    &capabilities,
    &no_new_privileges,
    &apparmor,
    &selinux,
    &process_knobs,
    &rlimits,
    &secret_env,
    &root_path,
    &host_namespaces,  // before the mounts: --ipc host brings one along, and the namespace is what was asked for
    &user_namespace,
    &mount_destinations,  // before all that go by a mount's destination
    &mount_types,
    &system_mounts,
    &engine_sockets,
    &sensitive_mounts,
    &propagation,
    &mount_options,
    &tmpfs_size,
    &read_only_rootfs,
    &writable_paths,
    &masked_paths,
    &devices,
    &sysctls,
    &memory,
    &cpu,
    &pids,
    &blkio,
    &hugetlb,
    &unified_cgroup,
    &cgroup_parent,
    &intel_rdt,
    &net_devices,
    &hooks,
    &annotations,
    &seccomp,  // reads the final capabilities
};

}  // namespace

std::span<const Control* const> registry() {
  return table;
}

const Control* find_control(std::string_view id) {
  for (const Control* control : table) {
    if (control->id == id) return control;
  }
  return nullptr;
}

}  // namespace hardened::controls
