#include "record/peaks.h"

#include <fcntl.h>

#include <charconv>
#include <string_view>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::record {
namespace {

using Directories = std::map<std::string, std::string>;

constexpr char top_directory[] = "/sys/fs/cgroup";
constexpr std::size_t largest = 65536;  // bytes

std::optional<std::string> text_of(const std::string& path) {
  const auto fd = open_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
  if (!fd) return std::nullopt;
  const auto text = read_all(fd->get(), largest, path);
  return text ? std::optional(*text) : std::nullopt;
}

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? std::optional(number) : std::nullopt;
}

// The number in `file` of the controller's directory.
std::optional<std::uint64_t> count(const Directories& directories, const std::string& controller,
                                   const std::string& file) {
  const auto found = directories.find(controller);
  if (found == directories.end()) return std::nullopt;
  const auto text = text_of(found->second + "/" + file);
  return text ? number_in(*text) : std::nullopt;
}

std::optional<std::uint64_t> cpu_of_version_2(const Directories& directories) {
  constexpr std::string_view key = "usage_usec ";
  const auto found = directories.find("");
  const auto text = found == directories.end() ? std::nullopt : text_of(found->second + "/cpu.stat");
  if (!text) return std::nullopt;
  for (const std::string& line : split(*text, '\n')) {
    if (line.starts_with(key)) {
      const auto usage = number_in(std::string_view(line).substr(key.size()));
      return usage ? std::optional(*usage / 1000) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace

std::map<std::string, std::string> cgroup_directories(const std::string& text, const std::string& top) {
  Directories directories;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) directories.emplace("", top + path);
    for (const std::string& controller : split(controllers, ',')) {
      if (!controller.empty()) directories.emplace(controller, top + "/" + controllers + path);
    }
  }
  return directories;
}

Result<Directories> cgroups_of(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/cgroup";
  TRY(fd, open_at(AT_FDCWD, path, O_RDONLY));
  TRY(text, read_all(fd.get(), largest, path));
  return cgroup_directories(text, top_directory);
}

Peaks read_peaks(const Directories& directories) {
  Peaks peaks;
  peaks.memory = count(directories, "memory", "memory.max_usage_in_bytes");
  if (!peaks.memory) peaks.memory = count(directories, "", "memory.peak");
  peaks.pids = count(directories, "pids", "pids.peak");
  if (!peaks.pids) peaks.pids = count(directories, "", "pids.peak");
  const auto usage = count(directories, "cpuacct", "cpuacct.usage");  // nanoseconds
  peaks.cpu_ms = usage ? std::optional(*usage / 1'000'000) : cpu_of_version_2(directories);
  return peaks;
}

}  // namespace hardened::record
