#include "ctl/dockerd.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>

#include "oci/spec.h"
#include "oci/strict_json.h"
#include "util/child.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t longest_command_line = std::size_t{1} << 20;  // bytes
constexpr const char* places[] = {"/usr/bin/dockerd", "/usr/sbin/dockerd", "/usr/local/bin/dockerd"};

std::string text_of(const std::string& path) {
  const auto fd = open_at(AT_FDCWD, path, O_RDONLY);
  if (!fd) return {};
  return read_all(fd->get(), longest_command_line, path).value_or("");
}

bool same_file(const std::string& a, const std::string& b) {
  struct stat one {
  }, other{};
  return ::stat(a.c_str(), &one) == 0 && ::stat(b.c_str(), &other) == 0 && one.st_dev == other.st_dev &&
         one.st_ino == other.st_ino;
}

std::string config_of(const Dockerd& daemon) {
  return option_of(daemon, "--config-file").value_or("/etc/docker/daemon.json");
}

}  // namespace

std::vector<Dockerd> dockerds() {
  std::vector<Dockerd> found;
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), &::closedir);
  if (processes == nullptr) return found;
  while (const dirent* entry = ::readdir(processes.get())) {
    const std::string_view name = entry->d_name;
    Dockerd daemon;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), daemon.pid);
    if (error != std::errc{} || end != name.data() + name.size()) continue;
    const std::string process = fmt::format("/proc/{}", name);
    if (text_of(process + "/comm") != "dockerd\n" || !same_file(process + "/ns/mnt", "/proc/self/ns/mnt")) continue;
    daemon.arguments = split(text_of(process + "/cmdline"), '\0');
    found.push_back(std::move(daemon));
  }
  std::sort(found.begin(), found.end(), [](const Dockerd& a, const Dockerd& b) { return a.pid < b.pid; });
  return found;
}

std::vector<Dockerd> dockerds_of(const std::string& config) {
  std::vector<Dockerd> found = dockerds();
  std::erase_if(found, [&](const Dockerd& daemon) { return config_of(daemon) != config; });
  return found;
}

std::optional<std::string> option_of(const Dockerd& daemon, const std::string& name) {
  std::optional<std::string> value;
  for (std::size_t i = 0; i < daemon.arguments.size(); ++i) {
    const std::string& argument = daemon.arguments[i];
    if (argument == name && i + 1 < daemon.arguments.size()) value = daemon.arguments[i + 1];
    if (argument.starts_with(name + "=")) value = argument.substr(name.size() + 1);
  }
  return value;
}

std::string data_root(const Dockerd& daemon) {
  for (const char* name : {"--data-root", "--graph", "-g"}) {
    if (const auto value = option_of(daemon, name)) return *value;
  }
  const std::string config = config_of(daemon);
  const auto document = oci::parse_strict(text_of(config), config);
  const auto root = document ? oci::text(document->value, "/data-root") : std::nullopt;
  return root.value_or("/var/lib/docker");
}

Status check_options(const std::vector<Dockerd>& daemons, const std::vector<std::string>& settings) {
  for (const Dockerd& daemon : daemons) {
    for (const std::string& setting : settings) {
      const bool given = std::any_of(
          daemon.arguments.begin(), daemon.arguments.end(),
          [&](const std::string& argument) { return argument == setting || argument.starts_with(setting + "="); });
      if (given)
        return fail(
            Code::policy,
            fmt::format("cannot register with the dockerd of pid {}: it was started with {}, and would not start "
                        "with the same setting in its configuration",
                        daemon.pid, setting),
            "take the option out of its command line (systemctl edit docker), restart it, install again");
    }
  }
  return {};
}

Result<Fd> memory_file(const std::string& text) {
  Fd fd(::memfd_create("hardenctl", MFD_CLOEXEC));
  if (!fd.valid()) return fail_errno("cannot make a file in memory", errno);
  TRY_DO(write_all(fd.get(), text, "a file in memory"));
  ::lseek(fd.get(), 0, SEEK_SET);
  return fd;
}

Status validate(const std::string& text) {
  for (const char* place : places) {
    if (::access(place, X_OK) != 0) continue;
    TRY(input, memory_file(text));
    TRY(end, run_child(place, {"--validate", "--config-file", "/dev/stdin"}, input.get(),
                       {std::chrono::seconds(30), 65536, true}));
    if (end.status == 0 || end.output.find("unknown flag: --validate") != std::string::npos) return {};
    return fail(Code::syntax,
                fmt::format("cannot use the new configuration: {} says {}", place, in_quotes(end.output)));
  }
  return {};
}

}  // namespace hardened::ctl
