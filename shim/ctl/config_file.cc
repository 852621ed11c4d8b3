#include "ctl/config_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ctl/difference.h"
#include "ctl/output.h"
#include "util/file.h"
#include "util/lock.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

Status refuse_link(const ConfigFile& config, const struct stat& status) {
  if (!S_ISLNK(status.st_mode)) return {};
  char target[4096];
  const ssize_t size = ::readlinkat(config.directory.get(), config.name.c_str(), target, sizeof target);
  return fail(Code::policy, fmt::format("cannot replace {}: it is a symbolic link", config.path),
              fmt::format("name the file that is meant: --config {}",
                          in_quotes(std::string_view(target, static_cast<std::size_t>(std::max<ssize_t>(size, 0))))));
}

Status write(const ConfigFile& config, const std::string& text) {
  TRY(file, AtomicFile::beside(config.directory.get(), config.name));
  TRY_DO(file.write(text));
  TRY_DO(file.adopt(config.owner, config.group, config.mode));
  TRY_DO(file.sync());
  return file.commit();
}

}  // namespace

Result<ConfigFile> open_config(const std::string& path, MissingDirectory missing) {
  ConfigFile config;
  const std::size_t slash = path.rfind('/');
  config.path = path;
  config.name = path.substr(slash + 1);
  if (!path.starts_with('/') || config.name.empty())
    return fail(Code::usage, fmt::format("cannot use {}: not the absolute path of a file", in_quotes(path)));
  const std::string directory = path.substr(0, std::max<std::size_t>(slash, 1));
  struct stat status {};
  if (missing == MissingDirectory::make) TRY_DO(make_directories(directory, 0755));
  if (::stat(directory.c_str(), &status) == 0) {
    TRY(opened, open_trusted_directory(AT_FDCWD, directory));
    config.directory = std::move(opened);
    TRY_DO(lock_within(config.directory.get(), Lock::exclusive, lock_patience, directory));
  }
  if (!config.directory.valid() ||
      ::fstatat(config.directory.get(), config.name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return config;
  TRY_DO(refuse_link(config, status));
  Result<std::string> text = read_trusted_file(config.directory.get(), config.name, largest_config);
  if (!text) return tl::unexpected(std::move(text).error().because("cannot use " + config.path));
  config.text = *std::move(text);
  config.owner = status.st_uid;
  config.group = status.st_gid;
  config.mode = status.st_mode & 07777U;
  return config;
}

void show_difference(const ConfigFile& config, const std::string& after) {
  print_text(difference(config.path, config.text.value_or(""), config.path + " (new)", after));
}

Status replace(const ConfigFile& config, const std::optional<std::string>& after) {
  if (after)
    return write(config, *after).map_error([&config](Error error) {
      return std::move(error).because("cannot change " + config.path);
    });
  if (::unlinkat(config.directory.get(), config.name.c_str(), 0) != 0)
    return fail_errno("cannot remove " + config.path, errno);
  return {};
}

}  // namespace hardened::ctl
