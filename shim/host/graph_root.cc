#include "host/graph_root.h"

#include <fcntl.h>

#include <algorithm>

#include "host/mount_table.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::string_view well_known[] = {"/var/lib/docker", "/var/lib/containerd", "/run/containerd",
                                           "/var/lib/containers/storage", "/var/lib/kubelet"};

// The storage drivers of moby and containers/storage: DATA + `infix` + ID + `suffix`.
struct Layout {
  std::string_view infix;
  std::string_view suffix;
};
constexpr Layout layouts[] = {
    {"/overlay2/", "/merged"},  {"/overlay/", "/merged"},          {"/fuse-overlayfs/", "/merged"},
    {"/rootfs/overlayfs/", ""},  // Docker 29 with containerd's snapshotters
    {"/vfs/dir/", ""},          {"/btrfs/subvolumes/", ""},        {"/zfs/graph/", ""},
    {"/aufs/mnt/", ""},         {"/devicemapper/mnt/", "/rootfs"},
};

std::string data_directory(std::string_view root, const Layout& layout) {
  if (root.size() <= layout.suffix.size() || root.substr(root.size() - layout.suffix.size()) != layout.suffix)
    return {};
  root.remove_suffix(layout.suffix.size());
  const std::size_t id = root.rfind('/');
  const std::size_t length = layout.infix.size();
  if (id == std::string_view::npos || id + 1 == root.size() || id + 1 <= length) return {};
  if (root.substr(id + 1 - length, length) != layout.infix) return {};
  return std::string(root.substr(0, id + 1 - length));
}

}  // namespace

std::string data_directory(std::string_view root) {
  for (const Layout& layout : layouts) {
    if (std::string found = data_directory(root, layout); !found.empty()) return found;
  }
  return {};
}

Result<std::string> kept_at(Inspector& inspector, const Opened& root) {
  if (!root.fd.valid()) return std::string();
  TRY(table, MountTable::read());
  TRY(own, table.id_of(root.fd.get()));
  TRY(mounted, table.find(own));
  TRY(ids, table.all());
  if (mounted == nullptr) return std::string();
  for (const std::uint64_t id : ids) {
    TRY(mount, table.find(id));
    if (mount == nullptr || mount->device != mounted->device || mount->root != mounted->root ||
        data_directory(mount->target).empty())
      continue;
    const Opened kept = inspector.open(AT_FDCWD, mount->target);
    if (kept.fact.exists && kept.fact.identity == root.fact.identity) return kept.fact.resolved;
  }
  return std::string();
}

std::vector<std::string> graph_roots(Inspector& inspector, const std::string& root, const std::string& engine_directory,
                                     const std::string& bundle) {
  std::vector<std::string> candidates(std::begin(well_known), std::end(well_known));
  candidates.push_back(data_directory(root));
  if (!engine_directory.empty()) candidates.push_back(clean_path(engine_directory + "/../.."));
  if (!bundle.empty() && root != bundle && is_within(root, bundle)) candidates.push_back(bundle);
  std::vector<std::string> roots;
  for (const std::string& candidate : candidates) {
    if (candidate.empty() || candidate == "/") continue;
    const Opened opened = inspector.open(AT_FDCWD, candidate);
    if (!opened.fact.exists || !inspector.root_controlled_directory(opened.fact.resolved)) continue;
    if (std::find(roots.begin(), roots.end(), opened.fact.resolved) == roots.end())
      roots.push_back(opened.fact.resolved);
  }
  return roots;
}

}  // namespace hardened::host
