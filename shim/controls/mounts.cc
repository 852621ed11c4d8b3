#include "controls/mounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "util/text.h"

namespace hardened::controls {
namespace {

bool is_bind(const MountView& mount) {
  constexpr std::string_view types[] = {"bind", "rbind", "none", ""};
  return std::find(std::begin(types), std::end(types), mount.type) != std::end(types) || mount.has("bind") ||
         mount.has("rbind");
}

}  // namespace

bool MountView::has(std::string_view option) const {
  return std::find(options.begin(), options.end(), option) != options.end();
}

bool MountView::sets(std::string_view name) const {
  return std::any_of(options.begin(), options.end(), [name](const std::string& option) {
    return std::string_view(option).substr(0, option.find('=')) == name;
  });
}

bool MountView::read_only() const {
  bool result = false;
  for (const std::string& option : options) {
    if (option == "ro") result = true;
    if (option == "rw") result = false;
  }
  return (result || has("rro")) && !has("rrw");
}

std::string MountView::pointer() const {
  return fmt::format("/mounts/{}", index);
}
std::string MountView::option(std::string_view name) const {
  return fmt::format("/mounts/{}/options/{}", index, name);
}

std::vector<MountView> mounts_of(const Spec& spec) {
  std::vector<MountView> result;
  for (const Json& entry : spec.elements("/mounts")) {
    MountView mount;
    mount.index = result.size();
    mount.spelled = oci::text(entry, "/destination").value_or("");
    mount.destination = mount.spelled.empty() ? "" : clean_path(mount.spelled);
    mount.type = oci::text(entry, "/type").value_or("");
    mount.source = oci::text(entry, "/source").value_or("");
    mount.options = oci::strings(entry, "/options");
    mount.bind = is_bind(mount);
    result.push_back(std::move(mount));
  }
  return result;
}

bool is_usual_type(std::string_view type) {
  // Every other type either reaches the host's kernel (debugfs, bpf, securityfs), a disk (ext4) or the network (nfs).
  constexpr std::string_view types[] = {"tmpfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2"};
  return std::find(std::begin(types), std::end(types), type) != std::end(types);
}

}  // namespace hardened::controls
