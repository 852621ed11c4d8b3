#include "controls/registry.h"

#include "controls/controls.h"

namespace hardened::controls {
namespace {

constexpr const Control* table[] = {
    &no_new_privileges,
    &unknown_fields,
    &approved_images,
    &host_namespaces,
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
};

}  // namespace

std::span<const Control* const> registry() { return table; }

const Control* find_control(std::string_view id) {
  for (const Control* control : table) {
    if (control->id == id) return control;
  }
  return nullptr;
}

}  // namespace hardened::controls
