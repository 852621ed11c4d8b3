#include "policy/sources.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "policy/decode.h"
#include "policy/embedded.h"
#include "util/fd.h"
#include "util/file.h"

namespace hardened::policy {
namespace {

constexpr std::size_t most_bytes = std::size_t{8} << 20;
constexpr std::string_view extension = ".json";

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string base_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<bool> exists(int directory, const std::string& name, const std::string& path) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno == ENOENT) return false;
  return fail_errno("cannot look at " + path, errno);
}

// Opens `name` in `directory`; an invalid descriptor when it does not exist.
Result<Fd> open_trusted_directory(int directory, const std::string& name, const std::string& path) {
  TRY(there, exists(directory, name, path));
  if (!there) return Fd();
  // A symbolic link is ENOTDIR here.
  TRY(fd, open_at(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW).map_error([&path](Error error) {
    return std::move(error).because(path);
  }));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat " + path, errno);
  if (status.st_uid != 0 && status.st_uid != ::geteuid())
    return fail(Code::policy, fmt::format("cannot trust {}: owned by uid {}, not by root", path, status.st_uid),
                "chown root " + path);
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return fail(Code::policy, fmt::format("cannot trust {}: writable by group or others", path), "chmod go-w " + path);
  return fd;
}

// The text of `name` in `directory`, known as `path`.
Result<std::string> read_text(int directory, const std::string& name, const std::string& path) {
  return read_trusted_file(directory, name, most_bytes).map_error([&path](Error error) {
    return std::move(error).because(path);
  });
}

// The shipped profile of that name; empty when there is none.
std::string_view shipped_text(const std::string& name) {
  return is_profile_name(name) ? embedded::find(name + std::string(extension)) : std::string_view();
}

// "nginx.json" → "nginx"; empty for what is no profile (an editor's backup, a README).
std::string profile_of(std::string_view file) {
  if (file.size() <= extension.size() || file.substr(file.size() - extension.size()) != extension) return {};
  file.remove_suffix(extension.size());
  return is_profile_name(file) ? std::string(file) : std::string();
}

}  // namespace

Result<std::optional<Document>> read_policy(const std::string& file) {
  const std::string parent = parent_of(file);
  TRY(directory, open_trusted_directory(AT_FDCWD, parent, parent));
  if (!directory.valid()) return std::nullopt;
  TRY(there, exists(directory.get(), base_of(file), file));
  if (!there) return std::nullopt;
  TRY(text, read_text(directory.get(), base_of(file), file));
  TRY(document, Document::parse(file, std::move(text)));
  return document;
}

Profiles Profiles::shipped() {
  Profiles profiles;
  for (const embedded::File& file : embedded::files()) {
    if (std::string name = profile_of(file.name); !name.empty()) profiles.names_.push_back(std::move(name));
  }
  return profiles;
}

Result<Profiles> Profiles::open(const std::string& directory) {
  Profiles profiles = shipped();
  profiles.path_ = directory;
  const std::string parent = parent_of(directory);
  TRY(above, open_trusted_directory(AT_FDCWD, parent, parent));
  if (above.valid()) {
    TRY(site, open_trusted_directory(above.get(), base_of(directory), directory));
    if (site.valid()) profiles.site_.reset(::fdopendir(site.release()));
  }
  if (profiles.site_ != nullptr) TRY_DO(profiles.list_site());
  std::sort(profiles.names_.begin(), profiles.names_.end());
  return profiles;
}

Status Profiles::list_site() {
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(site_.get());
    if (entry == nullptr) break;
    std::string name = profile_of(entry->d_name);
    if (name.empty()) continue;
    if (is_shipped(name))
      return fail(Code::policy,
                  fmt::format("{}/{}: cannot replace the shipped profile \"{}\"", path_, entry->d_name, name),
                  "give it another name and let it extend the shipped one");
    names_.push_back(std::move(name));
  }
  if (errno != 0) return fail_errno("cannot list " + path_, errno);
  return {};
}

bool Profiles::is_shipped(const std::string& name) {
  return !shipped_text(name).empty();
}

Result<Document> Profiles::read(const std::string& name) const {
  const std::string file = name + std::string(extension);
  if (is_shipped(name)) return Document::parse("shipped profile " + file, std::string(shipped_text(name)));
  const std::string path = path_ + "/" + file;
  if (site_ == nullptr) return fail(Code::policy, fmt::format("{}: cannot find this profile", path));
  TRY(text, read_text(::dirfd(site_.get()), file, path));
  return Document::parse(path, std::move(text));
}

}  // namespace hardened::policy
