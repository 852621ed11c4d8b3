#include "host/machine.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "host/doubts.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_file = std::size_t{1} << 20;
constexpr char cgroup_root[] = "/sys/fs/cgroup";

// Membership is as good as root, or opens files only the system should read.
constexpr std::string_view privileged[] = {"adm",    "disk", "docker",          "incus", "incus-admin",
                                           "kmem",   "kvm",  "libvirt",         "lxd",   "root",
                                           "shadow", "sudo", "systemd-journal", "wheel"};

// `answer`: the errno by which the kernel says that it does not show the file.
std::string read_or_empty(const char* path, Doubts& doubts, int answer = ENOENT) {
  const auto file = open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  auto text = file ? read_all(file->get(), largest_file, path) : fail(Code::io, "");
  if (text) return std::move(*text);
  if (errno != answer) doubts.note(path, errno);
  return {};
}

bool is_there(const char* path, Doubts& doubts) {
  if (::access(path, F_OK) == 0) return true;
  doubts.note(path, errno);
  return false;
}

bool is_file_system(const char* path, unsigned long magic, Doubts& doubts) {
  struct statfs status {};
  if (::statfs(path, &status) == 0) return static_cast<unsigned long>(status.f_type) == magic;
  doubts.note(path, errno);
  return false;
}

void read_kernel(Facts& facts, Doubts& doubts) {
  struct utsname name {};
  if (::uname(&name) != 0) return doubts.note("the kernel's name", errno);
  facts.architecture = name.machine;
  const std::vector<std::string> parts = split(name.release, '.');
  if (parts.size() < 2) return;
  std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), facts.kernel_major);
  std::from_chars(parts[1].data(), parts[1].data() + parts[1].size(), facts.kernel_minor);
}

// cgroup v2 has the file in every cgroup but the root.
bool accounts_swap_v2(Doubts& doubts) {
  const std::unique_ptr<DIR, int (*)(DIR*)> root(::opendir(cgroup_root), &::closedir);
  const dirent* entry = nullptr;
  while (errno = 0, root && (entry = ::readdir(root.get())) != nullptr) {
    const std::string name = entry->d_name;
    if (entry->d_type != DT_DIR || name == "." || name == "..") continue;
    if (::faccessat(::dirfd(root.get()), (name + "/memory.swap.max").c_str(), F_OK, 0) == 0) return true;
    doubts.note(name, errno);
  }
  if (!root || errno != 0) doubts.note(cgroup_root, errno != 0 ? errno : EIO);
  return false;
}

void read_cgroups(Facts& facts, Doubts& doubts) {
  facts.cgroup_version = is_file_system(cgroup_root, CGROUP2_SUPER_MAGIC, doubts) ? 2 : 1;
  facts.swap_accounting = facts.cgroup_version == 2
                              ? accounts_swap_v2(doubts)
                              : is_there("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", doubts);
}

void read_security_modules(Facts& facts, Doubts& doubts) {
  facts.selinux = is_file_system("/sys/fs/selinux", SELINUX_MAGIC, doubts);
  facts.apparmor = read_or_empty("/sys/module/apparmor/parameters/enabled", doubts).starts_with("Y") &&
                   is_there("/sys/kernel/security/apparmor", doubts);
  if (!facts.apparmor) return;
  // Root without CAP_MAC_ADMIN, as in a container, is not shown them.
  facts.apparmor_profiles = confining_profiles(read_or_empty("/sys/kernel/security/apparmor/profiles", doubts, EACCES));
}

void read_resources(Facts& facts, Doubts& doubts) {
  struct sysinfo info {};
  if (::sysinfo(&info) != 0) return doubts.note("the machine's memory", errno);
  facts.memory_total = std::uint64_t{info.totalram} * info.mem_unit;
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  facts.cpus = online > 0 ? static_cast<unsigned>(online) : 1;
}

void read_limits(Facts& facts, Doubts& doubts) {
  struct Row {
    const char* name;
    int resource;
  };
  for (const Row& row : {Row{"RLIMIT_NOFILE", RLIMIT_NOFILE}, Row{"RLIMIT_NPROC", RLIMIT_NPROC}}) {
    struct rlimit limit {};
    if (::getrlimit(static_cast<__rlimit_resource_t>(row.resource), &limit) != 0) return doubts.note(row.name, errno);
    if (limit.rlim_max != RLIM_INFINITY) facts.inherited_limits.emplace(row.name, limit.rlim_max);
  }
}

}  // namespace

std::map<std::string, gid_t> privileged_groups(std::string_view text) {
  std::map<std::string, gid_t> groups;
  for (const std::string& line : split(text, '\n')) {
    const std::vector<std::string> fields = split(line, ':');  // name:password:gid:members
    if (fields.size() < 3 || std::find(std::begin(privileged), std::end(privileged), fields[0]) == std::end(privileged))
      continue;
    gid_t gid = 0;
    const char* end = fields[2].data() + fields[2].size();
    const auto [at, error] = std::from_chars(fields[2].data(), end, gid);
    if (error == std::errc{} && at == end) groups.emplace(fields[0], gid);
  }
  return groups;
}

std::vector<std::string> confining_profiles(std::string_view text) {
  std::vector<std::string> profiles;
  for (const std::string& line : split(text, '\n')) {
    const std::size_t mode = line.rfind(" (");
    if (mode == std::string::npos || mode == 0 || line.substr(mode) == " (unconfined)") continue;
    profiles.push_back(line.substr(0, mode));
  }
  return profiles;
}

Status read_machine(Facts& facts) {
  Doubts doubts;
  read_kernel(facts, doubts);
  read_cgroups(facts, doubts);
  read_security_modules(facts, doubts);
  read_resources(facts, doubts);
  read_limits(facts, doubts);
  facts.groups = privileged_groups(read_or_empty("/etc/group", doubts));
  return doubts.certain();
}

}  // namespace hardened::host
