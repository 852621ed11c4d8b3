#include "ctl/host.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <map>
#include <memory>

#include "ctl/checks.h"
#include "ctl/docker_config.h"
#include "host/runtime_version.h"
#include "oci/spec.h"
#include "oci/strict_json.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t largest_file = std::size_t{8} << 20;  // bytes
constexpr const char config_path[] = "/etc/docker/daemon.json";
constexpr const char* unit_directories[] = {"/etc/systemd/system", "/run/systemd/system",
                                            "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                            "/lib/systemd/system"};
constexpr const char* program_directories[] = {"/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"};

// The words of a command line in a unit or a shell's assignment; quotes are taken off, nothing else is understood.
std::vector<std::string> command_words(const std::string& line) {
  std::vector<std::string> words;
  for (std::string& word : split(line, ' ')) {
    std::erase_if(word, [](char c) { return c == '"' || c == '\'' || c == '\t'; });
    if (!word.empty()) words.push_back(std::move(word));
  }
  return words;
}

// The last value of `name=` in the lines of a unit, its drop-ins or an environment file; an empty one takes the ones
// before back, as in a unit.
std::string assigned(std::string text, const std::string& name) {
  std::string value;
  // A line that ends in a backslash goes on in the next one.
  for (std::size_t at = 0; (at = text.find("\\\n", at)) != std::string::npos;) text.replace(at, 2, " ");
  for (const std::string& line : split(text, '\n')) {
    const std::string trimmed = line.substr(std::min(line.find_first_not_of(" \t"), line.size()));
    if (trimmed.starts_with(name + "=")) value = trimmed.substr(name.size() + 1);
  }
  return value;
}

// What Go's flag package takes for a truth value (strconv.ParseBool); nothing for anything else, which dockerd refuses.
std::optional<bool> truth(std::string_view word) {
  constexpr std::string_view yes[] = {"1", "t", "T", "TRUE", "true", "True"};
  constexpr std::string_view no[] = {"0", "f", "F", "FALSE", "false", "False"};
  if (std::find(std::begin(yes), std::end(yes), word) != std::end(yes)) return true;
  if (std::find(std::begin(no), std::end(no), word) != std::end(no)) return false;
  return std::nullopt;
}

}  // namespace

Result<Host> Host::open(const std::string& root) {
  TRY(directory, open_at(AT_FDCWD, root, O_PATH | O_DIRECTORY));
  Host host;
  struct stat status {
  }, ours{};
  host.this_host_ = ::fstat(directory.get(), &status) == 0 && ::stat("/", &ours) == 0 && status.st_dev == ours.st_dev &&
                    status.st_ino == ours.st_ino;
  host.root_ = std::move(directory);
  host.find_daemon();
  const std::string config = option_of(host.daemon_, "--config-file").value_or(config_path);
  if (host.has(config)) {
    auto document = oci::parse_strict(host.text(config), config);
    if (document && document->value.is_object()) {
      host.config_ = std::move(document->value);
    } else {
      host.problem_ = document ? fmt::format("{} holds no object", config) : document.error().message;
    }
  }
  return host;
}

Result<Fd> Host::open_at_root(const std::string& path, int flags) const {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  // The kernel does not vouch for a ".." on the way (Debian's /usr/bin/runc is ../sbin/runc) while anything is renamed
  // or mounted, wherever that is, and leaves it to us to ask again: EAGAIN in openat2(2).
  constexpr int most_attempts = 1000;
  for (int attempts = 1;; ++attempts) {
    Fd fd(static_cast<int>(::syscall(SYS_openat2, root_.get(), path.c_str(), &how, sizeof how)));
    if (fd.valid()) return fd;
    if (errno != EAGAIN || attempts == most_attempts) return fail_errno("cannot open " + path, errno);
  }
}

std::optional<struct stat> Host::status(const std::string& path) const {
  const auto fd = open_at_root(path, O_PATH);
  struct stat status {};
  if (!fd || ::fstat(fd->get(), &status) != 0) return std::nullopt;
  return status;
}

std::string Host::text(const std::string& path) const {
  const auto fd = open_at_root(path, O_RDONLY | O_NOCTTY | O_NONBLOCK);
  return fd ? read_all(fd->get(), largest_file, path).value_or("") : "";
}

std::vector<std::string> Host::names_in(const std::string& path) const {
  std::vector<std::string> names;
  auto fd = open_at_root(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::fdopendir(fd->release()), &::closedir);
  if (directory == nullptr) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (const std::string name = entry->d_name; name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string Host::first(const std::vector<std::string>& paths) const {
  const auto found = std::find_if(paths.begin(), paths.end(), [&](const std::string& path) { return has(path); });
  return found == paths.end() ? "" : *found;
}

std::string Host::program(const std::string& name) const {
  std::vector<std::string> paths;
  for (const char* directory : program_directories) paths.push_back(fmt::format("{}/{}", directory, name));
  return first(paths);
}

Result<std::string> Host::version_text(const std::string& program) const {
  constexpr mode_t others_may_write = S_IWGRP | S_IWOTH;
  TRY(fd, open_at_root(program, O_PATH));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot look at " + program, errno);
  const bool ours = status.st_uid == 0 || status.st_uid == ::geteuid();
  if (!S_ISREG(status.st_mode) || !ours || (status.st_mode & others_may_write) != 0)
    return fail(Code::io, "it is no file that root alone can write");
  // By the very file that was looked at; a script's interpreter opens it by this name again.
  TRY(text, host::ask_version(fmt::format("/proc/{}/fd/{}", ::getpid(), fd.get())));
  return text.substr(0, text.find('\n'));
}

std::string Host::unit(const std::string& name) const {
  std::vector<std::string> paths;
  for (const char* directory : unit_directories) paths.push_back(fmt::format("{}/{}", directory, name));
  return first(paths);
}

std::vector<std::string> Host::group_line(const std::string& name) const {
  for (const std::string& line : split(text("/etc/group"), '\n')) {
    std::vector<std::string> fields = split(line, ':');
    if (fields.size() == 4 && fields[0] == name) return fields;
  }
  return {};
}

std::optional<gid_t> Host::group(const std::string& name) const {
  const std::vector<std::string> fields = group_line(name);
  if (fields.empty()) return std::nullopt;
  gid_t id = 0;
  const auto [end, error] = std::from_chars(fields[2].data(), fields[2].data() + fields[2].size(), id);
  return error == std::errc{} ? std::optional(id) : std::nullopt;
}

bool Host::has_docker() const {
  return !daemon_.arguments.empty() || has(config_path) || !program("dockerd").empty();
}

// The one that runs with the usual configuration, else the one that its unit starts.
void Host::find_daemon() {
  if (this_host_) {
    const std::vector<Dockerd> running = dockerds_of(config_path);
    if (!running.empty()) {
      daemon_ = running.front();
      return;
    }
  }
  const std::string service = unit("docker.service");
  if (service.empty()) return;
  std::string lines = text(service);
  // By their names, wherever they lie; of two of one name the first directory's counts (systemd.unit(5)).
  std::map<std::string, std::string> drop_ins;
  for (const char* directory : unit_directories) {
    for (const std::string& name : names_in(fmt::format("{}/docker.service.d", directory)))
      drop_ins.emplace(name, fmt::format("{}/docker.service.d/{}", directory, name));
  }
  for (const auto& [name, path] : drop_ins) {
    if (name.ends_with(".conf")) lines += "\n" + text(path);
  }
  for (const std::string& word : command_words(assigned(lines, "ExecStart"))) {
    if (word != "$DOCKER_OPTS" && word != "${DOCKER_OPTS}") {
      daemon_.arguments.push_back(word);
      continue;
    }
    for (const std::string& option : command_words(assigned(text("/etc/default/docker"), "DOCKER_OPTS")))
      daemon_.arguments.push_back(option);
  }
}

std::optional<bool> Host::flag(const std::string& key) const {
  std::optional<bool> value;
  for (const std::string& argument : daemon_.arguments) {
    if (argument == "--" + key) value = true;
    if (argument.starts_with("--" + key + "=")) value = truth(argument.substr(key.size() + 3));
  }
  if (value || !config_.contains(key) || !config_[key].is_boolean()) return value;
  return config_[key].get<bool>();
}

std::optional<std::string> Host::word(const std::string& key) const {
  if (auto value = option_of(daemon_, "--" + key)) return value;
  if (!config_.contains(key) || !config_[key].is_string()) return std::nullopt;
  return config_[key].get<std::string>();
}

std::vector<std::string> Host::words(const std::string& key, const std::string& option) const {
  std::vector<std::string> values;
  const std::string letter = option == "--host" ? "-H" : "\n";  // no other list has one
  const std::vector<std::string>& arguments = daemon_.arguments;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& argument = arguments[i];
    if ((argument == option || argument == letter) && i + 1 < arguments.size()) values.push_back(arguments[i + 1]);
    if (argument.starts_with(option + "=")) values.push_back(argument.substr(option.size() + 1));
    if (argument.starts_with(letter) && argument.size() > 2)
      values.push_back(argument.substr(argument[2] == '=' ? 3 : 2));
  }
  if (!config_.contains(key) || !config_[key].is_array()) return values;
  for (const Json& value : config_[key]) {
    if (value.is_string()) values.push_back(value.get<std::string>());
  }
  return values;
}

bool Host::any(const std::string& key, const std::string& option) const {
  return !words(key, option).empty() || (config_.contains(key) && !config_[key].empty());
}

bool Host::hardened_by_default() const {
  return judge_docker_config(config_.dump(), config_path).health == Health::good;
}

}  // namespace hardened::ctl
