#include "host/mount_table.h"

#include <libmount.h>

#include <cerrno>
#include <memory>

#include "util/text.h"

namespace hardened::host {
namespace {

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

Result<MountTable> MountTable::read() {
  const std::unique_ptr<libmnt_table, decltype(&mnt_unref_table)> table(mnt_new_table_from_file("/proc/self/mountinfo"),
                                                                        &mnt_unref_table);
  const std::unique_ptr<libmnt_iter, decltype(&mnt_free_iter)> iterator(mnt_new_iter(MNT_ITER_FORWARD), &mnt_free_iter);
  if (!table || !iterator) return fail(Code::io, "cannot read /proc/self/mountinfo");
  MountTable result;
  libmnt_fs* entry = nullptr;
  while (mnt_table_next_fs(table.get(), iterator.get(), &entry) == 0) {
    const int id = mnt_fs_get_id(entry);
    if (id < 0) continue;
    result.mounts_[static_cast<std::uint64_t>(id)] = {mnt_fs_get_devno(entry), text_or_empty(mnt_fs_get_root(entry)),
                                                      text_or_empty(mnt_fs_get_target(entry)),
                                                      text_or_empty(mnt_fs_get_fstype(entry))};
  }
  return result;
}

Location MountTable::locate(std::uint64_t id, const std::string& resolved) const {
  const auto found = mounts_.find(id);
  if (found == mounts_.end()) return {};
  const Mount& mount = found->second;
  // nsfs and pipefs roots are no paths ("net:[4026531833]"); the kernel marks an unlinked root with "//deleted".
  if (mount.root.empty() || mount.root.front() != '/' || mount.root.find("//") != std::string::npos) return {};
  if (mount.target.empty() || !is_within(resolved, mount.target)) return {};
  const std::string below = mount.target == "/" ? resolved : resolved.substr(mount.target.size());
  return {mount.device, clean_path(mount.root + "/" + below)};
}

std::string MountTable::file_system(std::uint64_t id) const {
  const auto found = mounts_.find(id);
  return found == mounts_.end() ? std::string() : found->second.type;
}

std::vector<PathFact> MountTable::below(const std::string& resolved) const {
  std::vector<PathFact> result;
  for (const auto& [id, mount] : mounts_) {
    if (mount.target == resolved || !is_within(mount.target, resolved)) continue;
    PathFact fact;
    fact.exists = true;
    fact.resolved = mount.target;
    fact.location = locate(id, mount.target);
    fact.file_system = mount.type;
    result.push_back(std::move(fact));
  }
  return result;
}

}  // namespace hardened::host
