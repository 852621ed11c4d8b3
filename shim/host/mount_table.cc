#include "host/mount_table.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "util/file.h"
#include "util/text.h"

namespace hardened::host {

using kernel::FilePlace;
using kernel::MountIds;

namespace {

constexpr char mountinfo[] = "/proc/self/mountinfo";
constexpr std::size_t most_bytes = std::size_t{64} << 20;  // 100,000 mounts (fs.mount-max) of long names

std::vector<std::string_view> words(std::string_view line) {
  std::vector<std::string_view> result;
  result.reserve(12);
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    result.push_back(line.substr(0, end));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return result;
}

template <typename Number>
std::optional<Number> number(std::string_view text, int base = 10) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> device_number(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto major = number<unsigned>(text.substr(0, colon));
  const auto minor = number<unsigned>(text.substr(colon + 1));
  return major && minor ? std::optional<std::uint64_t>(makedev(*major, *minor)) : std::nullopt;
}

}  // namespace

std::string unescaped(std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool escape = text[at] == '\\' && at + 3 < text.size();
    const auto code = escape ? number<unsigned char>(text.substr(at + 1, 3), 8) : std::nullopt;
    result += code ? static_cast<char>(*code) : text[at];
    if (code) at += 3;
  }
  return result;
}

Result<MountTable> MountTable::read() {
  const auto root = open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY);
  const std::uint64_t id = root ? kernel::place_of(root->get(), MountIds::unique).value_or(FilePlace{}).mount : 0;
  // A filter that does not know the call refuses it.
  if (id == 0 || !kernel::statmount(id)) return read_mountinfo();
  MountTable table;
  table.asks_kernel_ = true;
  return table;
}

Result<MountTable> MountTable::read_mountinfo() {
  TRY(file, open_at(AT_FDCWD, mountinfo, O_RDONLY));
  TRY(text, read_all(file.get(), most_bytes, mountinfo));
  return parse(text);
}

// proc_pid_mountinfo(5): ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS TAG… - TYPE SOURCE SUPER-OPTIONS
MountTable MountTable::parse(std::string_view text) {
  MountTable result;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> word = words(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    constexpr std::size_t first_tag = 6;
    if (word.size() < first_tag + 2) continue;
    const auto separator = std::find(word.begin() + first_tag, word.end(), "-");
    const auto id = number<std::uint64_t>(word[0]);
    const auto parent = number<std::uint64_t>(word[1]);
    const auto device = device_number(word[2]);
    if (!id || !parent || !device || word.end() - separator < 2) continue;
    const std::uint64_t order = result.mounts_.size();
    result.mounts_[*id] = {
        *parent, order, *id, *device, unescaped(word[3]), unescaped(word[4]), unescaped(separator[1])};
    if (word.end() - separator > 3) result.options_[*id] = separator[3];
  }
  return result;
}

Result<std::uint64_t> MountTable::id_of(int fd) const {
  TRY(place, kernel::place_of(fd, ids()));
  return place.mount;
}

Result<std::optional<FilePlace>> MountTable::place_of(const std::string& path) const {
  return kernel::place_of(path, ids());
}

Result<const MountTable::Mount*> MountTable::find(std::uint64_t id) const {
  if (const auto known = mounts_.find(id); known != mounts_.end()) return &known->second;
  if (!asks_kernel_ || id == 0) return nullptr;
  TRY(status, kernel::statmount(id));
  if (!status) return nullptr;
  auto& [parent, mountinfo_id, device, root, target, type] = *status;
  Mount mount{parent, id, mountinfo_id, device, std::move(root), std::move(target), std::move(type)};
  return &mounts_.emplace(id, std::move(mount)).first->second;
}

Location MountTable::locate(const Mount& mount, const std::string& resolved) {
  // nsfs and pipefs roots are no paths ("net:[4026531833]"); the kernel marks an unlinked root with "//deleted".
  if (mount.root.empty() || mount.root.front() != '/' || mount.root.find("//") != std::string::npos) return {};
  if (mount.target.empty() || !is_within(resolved, mount.target)) return {};
  const std::string below = mount.target == "/" ? resolved : resolved.substr(mount.target.size());
  return {mount.device, clean_path(mount.root + "/" + below)};
}

Result<std::vector<std::uint64_t>> MountTable::all() const {
  if (asks_kernel_) return kernel::listmount();
  std::vector<std::uint64_t> ids;
  for (const auto& [id, mount] : mounts_) ids.push_back(id);
  return ids;
}

Result<std::vector<std::uint64_t>> MountTable::under(std::uint64_t id) const {
  if (asks_kernel_) return kernel::listmount(id);
  std::multimap<std::uint64_t, std::uint64_t> children;
  for (const auto& [child, mount] : mounts_) {
    if (mount.parent != child) children.emplace(mount.parent, child);
  }
  std::vector<std::uint64_t> ids{id};
  for (std::size_t at = 0; at < ids.size() && ids.size() <= mounts_.size(); ++at) {
    const auto [first, last] = children.equal_range(ids[at]);
    for (auto child = first; child != last; ++child) ids.push_back(child->second);
  }
  ids.erase(ids.begin());
  return ids;
}

Result<std::vector<PathFact>> MountTable::below(std::uint64_t id, const std::string& resolved) const {
  std::vector<PathFact> result;
  TRY(ids, under(id));
  for (const std::uint64_t child : ids) {
    TRY(mount, find(child));
    if (mount == nullptr || !is_within(mount->target, resolved)) continue;
    PathFact fact;
    fact.exists = true;
    fact.resolved = mount->target;
    fact.location = locate(*mount, mount->target);
    fact.file_system = mount->type;
    result.push_back(std::move(fact));
  }
  return result;
}

Result<std::string> MountTable::options(std::uint64_t id) const {
  if (const auto known = options_.find(id); known != options_.end()) return known->second;
  TRY(mount, find(id));
  if (mount == nullptr || !asks_kernel_) return std::string();
  if (auto told = kernel::mount_options(id)) return std::move(*told);
  TRY(table, read_mountinfo());
  TRY(row, table.find(mount->mountinfo_id));
  // Without its first column, which another mount may have by now.
  const bool same = row != nullptr && std::tie(row->device, row->root, row->target) ==
                                          std::tie(mount->device, mount->root, mount->target);
  return same ? table.options(mount->mountinfo_id) : std::string();
}

}  // namespace hardened::host
