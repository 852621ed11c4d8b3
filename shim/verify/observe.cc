#include "verify/observe.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <span>

#include "controls/masked_paths.h"
#include "host/mount_table.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::verify {
namespace {

constexpr std::size_t largest_file = std::size_t{8} << 20;  // bytes
constexpr std::pair<const char*, const char*> sets[] = {{"CapBnd", "bounding"},
                                                        {"CapEff", "effective"},
                                                        {"CapPrm", "permitted"},
                                                        {"CapInh", "inheritable"},
                                                        {"CapAmb", "ambient"}};
constexpr const char* namespace_names[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
// The titles of /proc/PID/limits.
constexpr std::pair<const char*, const char*> limits[] = {
    {"Max core file size", "RLIMIT_CORE"}, {"Max open files", "RLIMIT_NOFILE"}, {"Max processes", "RLIMIT_NPROC"}};

// Empty when it is not there (any more).
std::string text_at(int directory, const std::string& path) {
  const auto fd = open_at(directory, path, O_RDONLY);
  return fd ? read_all(fd->get(), largest_file, path).value_or("") : "";
}

std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = line.find_first_not_of(" \t\n", at)) != std::string_view::npos;) {
    const std::size_t end = std::min(line.find_first_of(" \t\n", at), line.size());
    words.emplace_back(line.substr(at, end - at));
    at = end;
  }
  return words;
}

template <typename T = std::uint64_t>
std::optional<T> number(std::string_view text, int base = 10) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

std::map<std::string, std::uint64_t> namespaces_at(int process) {
  std::map<std::string, std::uint64_t> found;
  for (const char* name : namespace_names) {
    struct stat status {};
    if (::fstatat(process, fmt::format("ns/{}", name).c_str(), &status, 0) == 0) found[name] = status.st_ino;
  }
  return found;
}

std::map<std::string, Limit> rlimits_at(int process) {
  std::map<std::string, Limit> found;
  for (const std::string& line : split(text_at(process, "limits"), '\n')) {
    for (const auto& [title, name] : limits) {
      if (!line.starts_with(title)) continue;
      const std::vector<std::string> words = words_of(std::string_view(line).substr(std::string_view(title).size()));
      const auto value = [&](std::size_t i) {
        return i < words.size() ? number(words[i]).value_or(RLIM_INFINITY) : RLIM_INFINITY;
      };
      found[name] = {value(0), value(1)};
    }
  }
  return found;
}

void read_status(const std::string& text, ProcessView& view) {
  for (const std::string& line : split(text, '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::string key = line.substr(0, colon);
    const std::vector<std::string> words = words_of(std::string_view(line).substr(colon + 1));
    const std::string first = words.empty() ? "" : words.front();
    if (key == "Name") view.name = first;
    if (key == "NoNewPrivs") view.no_new_privileges = first == "1";
    if (key == "Seccomp") view.seccomp_filter = first == "2";
    if (key == "Uid") {
      for (const std::string& word : words) view.uids.push_back(number(word).value_or(0));
    }
    for (const auto& [title, set] : sets) {
      if (key == title) view.capabilities[set] = number(first, 16).value_or(~std::uint64_t{0});
    }
  }
}

// A process that has ended, a zombie included, enforces nothing and holds nothing.
std::optional<ProcessView> process_view(pid_t pid) {
  const auto directory = open_at(AT_FDCWD, fmt::format("/proc/{}", pid), O_PATH | O_DIRECTORY);
  if (!directory) return std::nullopt;
  const std::string status = text_at(directory->get(), "status");
  ProcessView view;
  view.pid = pid;
  read_status(status, view);
  view.rlimits = rlimits_at(directory->get());
  view.uid_map = join(words_of(text_at(directory->get(), "uid_map")), " ");
  view.gid_map = join(words_of(text_at(directory->get(), "gid_map")), " ");
  view.namespaces = namespaces_at(directory->get());
  if (status.find("\nState:\tZ") != std::string::npos || view.namespaces.empty()) return std::nullopt;
  return view;
}

std::map<std::string, bool> mounts_of(int process) {
  std::map<std::string, bool> found;
  // ID PARENT MAJOR:MINOR ROOT TARGET OPTIONS …; a later line lies on top of an earlier one of the same path.
  for (const std::string& line : split(text_at(process, "mountinfo"), '\n')) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 6) continue;
    const std::vector<std::string> options = split(words[5], ',');
    found[host::unescaped(words[4])] = std::find(options.begin(), options.end(), "ro") != options.end();
  }
  return found;
}

// Those of `paths` that are there to be covered: on this kernel, and in a /proc or /sys that is mounted.
std::vector<std::string> present(std::span<const std::string_view> paths, const std::map<std::string, bool>& mounts) {
  std::vector<std::string> found;
  for (const std::string_view text : paths) {
    const std::string path(text);
    if (mounts.contains(path.substr(0, path.find('/', 1))) && ::access(path.c_str(), F_OK) == 0) found.push_back(path);
  }
  return found;
}

// The directory of the cgroup that `process` is in, for the version 1 `controller`; of version 2 for an empty one.
// Empty where there is none. The root cgroup is a cgroup as well: nothing is limited there.
std::string cgroup_directory(const std::string& memberships, const std::string& controller,
                             const host::MountTable& table) {
  std::string path;
  for (const std::string& line : split(memberships, '\n')) {  // "4:memory:/docker/…", "0::/…"
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::vector<std::string> names = split(std::string_view(line).substr(first + 1, second - first - 1), ',');
    if (std::find(names.begin(), names.end(), controller) != names.end()) path = line.substr(second + 1);
  }
  if (path.empty()) return {};
  for (const std::uint64_t id : table.all().value_or(std::vector<std::uint64_t>())) {
    const host::MountTable::Mount* mount = table.find(id).value_or(nullptr);
    const char* type = controller.empty() ? "cgroup2" : "cgroup";
    if (mount == nullptr || mount->type != type || !is_within(path, mount->root)) continue;
    const auto has = [&table, id = id](const std::string& option) {
      const std::vector<std::string> options = split(table.options(id).value_or(""), ',');
      return std::find(options.begin(), options.end(), option) != options.end();
    };
    if (controller.empty() || has(controller))
      return mount->target + (mount->root == "/" ? path : path.substr(mount->root.size()));
  }
  return {};
}

std::optional<std::uint64_t> limit_in(const std::string& directory, const char* file) {
  const std::string text = text_at(AT_FDCWD, fmt::format("{}/{}", directory, file));
  if (text.empty()) return std::nullopt;
  // Version 2 says "max", version 1 -1 or the largest multiple of a page.
  const std::uint64_t value = number(text).value_or(CgroupView::unlimited);
  return value < (std::uint64_t{1} << 62U) ? value : CgroupView::unlimited;
}

std::optional<double> cpus_in(const std::string& quota, const std::string& period) {
  const auto most = number<std::int64_t>(quota);
  const auto time = number<std::int64_t>(period);
  if (!most || !time || *most <= 0 || *time <= 0) return std::nullopt;
  return static_cast<double>(*most) / static_cast<double>(*time);
}

CgroupView version_2(const std::string& directory) {
  CgroupView view;
  view.pids = limit_in(directory, "pids.max");
  view.memory = limit_in(directory, "memory.max");
  const auto swap = limit_in(directory, "memory.swap.max");
  if (view.memory && swap) {
    const bool none = *view.memory == CgroupView::unlimited || *swap == CgroupView::unlimited;
    view.memory_and_swap = none ? CgroupView::unlimited : *view.memory + *swap;
  }
  const std::vector<std::string> words = words_of(text_at(AT_FDCWD, directory + "/cpu.max"));
  if (words.size() == 2) view.cpus = cpus_in(words[0], words[1]);
  return view;
}

CgroupView version_1(const std::string& memberships, const host::MountTable& table) {
  const auto directory = [&](const char* controller) { return cgroup_directory(memberships, controller, table); };
  CgroupView view;
  view.pids = limit_in(directory("pids"), "pids.max");
  view.memory = limit_in(directory("memory"), "memory.limit_in_bytes");
  view.memory_and_swap = limit_in(directory("memory"), "memory.memsw.limit_in_bytes");
  const std::string cpu = directory("cpu");
  view.cpus = cpus_in(text_at(AT_FDCWD, cpu + "/cpu.cfs_quota_us"), text_at(AT_FDCWD, cpu + "/cpu.cfs_period_us"));
  view.every_device = text_at(AT_FDCWD, directory("devices") + "/devices.list").starts_with("a ");
  return view;
}

// The threads of the cgroup in `directory` and of those below it; each has rights of its own. The file is called
// "tasks" in version 1.
void collect_threads(const std::string& directory, std::set<pid_t>& found) {
  for (const char* file : {"/tasks", "/cgroup.threads"}) {
    for (const std::string& line : split(text_at(AT_FDCWD, directory + file), '\n')) {
      if (const auto thread = number<pid_t>(line)) found.insert(*thread);
    }
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), &::closedir);
  while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
    const std::string name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") collect_threads(directory + "/" + name, found);
  }
}

// A process lives on in its other threads when the first has ended, and its files below /proc are empty then.
pid_t living_thread(pid_t process) {
  const std::string directory = fmt::format("/proc/{}/task", process);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(::opendir(directory.c_str()), &::closedir);
  while (const dirent* entry = entries ? ::readdir(entries.get()) : nullptr) {
    const auto thread = number<pid_t>(entry->d_name);
    if (thread && process_view(*thread)) return *thread;
  }
  return process;
}

}  // namespace

Result<std::optional<ContainerView>> observe(pid_t process) {
  const pid_t init = living_thread(process);
  const auto directory = open_at(AT_FDCWD, fmt::format("/proc/{}", init), O_PATH | O_DIRECTORY);
  const auto first = process_view(init);
  if (!directory || !first) return std::nullopt;
  TRY(table, host::MountTable::read());
  ContainerView view;
  view.init = *first;
  view.oom_score_adj = number<std::int64_t>(text_at(directory->get(), "oom_score_adj")).value_or(0);
  view.security_label = join(words_of(text_at(directory->get(), "attr/current")), " ");
  view.mounts = mounts_of(directory->get());
  view.masked_paths = present(controls::must_be_masked, view.mounts);
  view.read_only_paths = present(controls::must_be_read_only, view.mounts);
  const std::string memberships = text_at(directory->get(), "cgroup");
  const bool unified = cgroup_directory(memberships, "pids", table).empty();
  const std::string group = cgroup_directory(memberships, unified ? "" : "pids", table);
  view.cgroup = unified ? version_2(group) : version_1(memberships, table);
  std::set<pid_t> threads;
  // In the root cgroup everything on the host would be taken for the container's.
  if (::access((group + "/pids.max").c_str(), F_OK) == 0) collect_threads(group, threads);
  threads.erase(init);
  for (const pid_t thread : threads) {
    if (auto other = process_view(thread)) view.others.push_back(*std::move(other));
  }
  return std::optional(std::move(view));
}

std::map<std::string, std::uint64_t> own_namespaces() {
  const auto self = open_at(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY);
  return self ? namespaces_at(self->get()) : std::map<std::string, std::uint64_t>{};
}

}  // namespace hardened::verify
