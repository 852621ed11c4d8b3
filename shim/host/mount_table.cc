#include "host/mount_table.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "util/file.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr char path[] = "/proc/self/mountinfo";
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
  TRY(file, open_at(AT_FDCWD, path, O_RDONLY));
  TRY(text, read_all(file.get(), most_bytes, path));
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
    const auto device = device_number(word[2]);
    if (!id || !device || word.end() - separator < 2) continue;
    const bool has_options = word.end() - separator > 3;
    const std::size_t row = result.mounts_.size();
    result.mounts_[*id] = {*device,
                           unescaped(word[3]),
                           unescaped(word[4]),
                           unescaped(separator[1]),
                           has_options ? std::string(separator[3]) : std::string(),
                           row,
                           std::find(word.begin() + first_tag, separator, "unbindable") != separator};
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

const MountTable::Mount* MountTable::find(std::uint64_t id) const {
  const auto found = mounts_.find(id);
  return found == mounts_.end() ? nullptr : &found->second;
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
