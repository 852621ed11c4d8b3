// hardenctl profile: from what a container did to what it may do.
#include "ctl/profile.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "policy/decode.h"
#include "policy/extend.h"
#include "policy/sources.h"
#include "runtime/known_names.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t most_bytes = std::size_t{8} << 20;

bool is_file(const std::string& what) {
  return what.find('/') != std::string::npos || what.ends_with(".json");
}

// Directory and name of `path`.
std::pair<std::string, std::string> parts_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return {".", path};
  return {slash == 0 ? "/" : path.substr(0, slash), path.substr(slash + 1)};
}

std::string name_in(const policy::Document& document) {
  const auto found = document.value.is_object() ? document.value.find("name") : document.value.end();
  return document.value.is_object() && found != document.value.end() && found->is_string() ? found->get<std::string>()
                                                                                           : std::string();
}

// `document` as the profile `name`, beside those of `profiles`.
Result<Profile> resolved(const policy::Document& document, const std::string& name, const policy::Profiles& profiles,
                         bool any_capability) {
  std::vector<std::string> names = profiles.names();
  if (!std::binary_search(names.begin(), names.end(), name))
    names.insert(std::upper_bound(names.begin(), names.end(), name), name);
  std::vector<policy::Waiver> waivers;
  if (any_capability) waivers.push_back({"capabilities", {"*"}, "to look at it"});
  const policy::ProfileSource source{.read = [&](const std::string& wanted) -> Result<policy::Document> {
                                       if (wanted == name) return document;
                                       return profiles.read(wanted);
                                     },
                                     .is_shipped = policy::Profiles::is_shipped};
  return policy::resolve(name, source, {.known = &runtime::known_names(), .profiles = names, .waivers = waivers});
}

Result<LoadedProfile> named_profile(const std::string& name, const policy::Locations& locations) {
  TRY(profiles, policy::Profiles::open(locations.site_profiles));
  if (!std::binary_search(profiles.names().begin(), profiles.names().end(), name))
    return fail(Code::usage, "cannot find a profile called " + in_quotes(name) + did_you_mean(name, profiles.names()),
                "`hardenctl profile list` lists them; a file needs a / or .json in its name");
  TRY(document, profiles.read(name));
  const policy::ProfileSource source{.read = [&](const std::string& wanted) { return profiles.read(wanted); },
                                     .is_shipped = policy::Profiles::is_shipped};
  const policy::Context context{.known = &runtime::known_names(), .profiles = profiles.names(), .waivers = {}};
  TRY(profile, policy::resolve(name, source, context));
  return LoadedProfile{policy::Profiles::is_shipped(name) ? "shipped" : "site", std::move(document),
                       std::move(profile)};
}

Result<bool> exists(int directory, const std::string& name, const std::string& path) {
  struct stat status {};
  if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) return true;
  if (errno == ENOENT) return false;
  return fail_errno("cannot look at " + path, errno);
}

}  // namespace

Result<LoadedProfile> read_profile(const std::string& file, std::string text, const policy::Locations& locations,
                                   bool any_capability) {
  TRY(document, policy::Document::parse(file, std::move(text)));
  TRY(profiles, policy::Profiles::open(locations.site_profiles));
  const std::string name = name_in(document);
  if (policy::Profiles::is_shipped(name)) {
    TRY(shipped, profiles.read(name));
    if (shipped.text == document.text) return named_profile(name, locations);
    return document.cannot("/name", "call a profile " + in_quotes(name) + ": it is the name of a shipped profile",
                           "give it another name and let it extend the shipped one");
  }
  TRY(profile, resolved(document, name, profiles, any_capability));
  return LoadedProfile{"file", std::move(document), std::move(profile)};
}

Result<LoadedProfile> load_profile(const std::string& what, const policy::Locations& locations) {
  if (!is_file(what)) return named_profile(what, locations);
  TRY(text, read_named_file(what, most_bytes));
  return read_profile(what, std::move(text), locations);
}

Result<std::string> read_named_file(const std::string& path, std::size_t most) {
  // Without O_NONBLOCK a named pipe would wait for a writer.
  TRY(fd, open_at(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail_errno("cannot stat " + in_quotes(path), errno);
  if (!S_ISREG(status.st_mode)) return fail(Code::io, "cannot read " + in_quotes(path) + ": it is no regular file");
  return read_all(fd.get(), most, path);
}

Status write_at_once(const std::string& path, std::string_view text, mode_t mode, bool force) {
  const auto [parent, name] = parts_of(path);
  if (name.empty()) return fail(Code::usage, "cannot write to " + in_quotes(path) + ": it names a directory");
  TRY(directory, open_at(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY));
  TRY(is_there, exists(directory.get(), name, path));
  if (is_there && !force)
    return fail(Code::usage, "cannot write " + in_quotes(path) + ": it exists", "--force replaces it");
  TRY(file, AtomicFile::beside(directory.get(), name));
  TRY_DO(file.write(text));
  TRY_DO(file.adopt(::geteuid(), ::getegid(), mode));
  return file.commit();
}

void add_profile_argument(CLI::App& command, std::string& what) {
  command.add_option("profile", what, "Its name, or a file (with / or .json)")->required()->type_name("NAME|FILE");
}

void add_profile_options(CLI::App& command, policy::Locations& locations, bool& json) {
  command.add_option("--profiles", locations.site_profiles, "The site's profiles")
      ->capture_default_str()
      ->type_name("DIRECTORY");
  command.add_flag("--json", json, "Print JSON");
}

void add_profile(CLI::App& app, Action& action) {
  CLI::App& group = *app.add_subcommand("profile", "Make profiles of training logs; list, show, compare, check them");
  group.require_subcommand(1);
  for (const auto add : {add_profile_generate, add_profile_merge, add_profile_show, add_profile_install,
                         add_profile_diff, add_profile_lint, add_profile_verify})
    add(group, action);
}

}  // namespace hardened::ctl
