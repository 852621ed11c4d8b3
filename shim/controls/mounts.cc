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
  const std::size_t count = spec.elements("/mounts").size();
  for (std::size_t i = 0; i < count; ++i) {
    MountView mount;
    mount.index = i;
    mount.spelled = spec.text(mount.pointer() + "/destination").value_or("");
    mount.destination = mount.spelled.empty() ? "" : clean_path(mount.spelled);
    mount.type = spec.text(mount.pointer() + "/type").value_or("");
    mount.source = spec.text(mount.pointer() + "/source").value_or("");
    mount.options = spec.strings(mount.pointer() + "/options");
    mount.bind = is_bind(mount);
    result.push_back(std::move(mount));
  }
  return result;
}

}  // namespace hardened::controls
