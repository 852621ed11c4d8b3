// hardenctl profile install and remove: the site's own profiles.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "oci/strict_json.h"
#include "policy/decode_policy.h"
#include "policy/decode_profile.h"
#include "policy/sources.h"
#include "runtime/known_names.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  policy::Locations locations;
  std::string what;
  std::string image;
  bool force = false, json = false;
};

std::string path_of(const std::string& name, const Options& options) {
  return fmt::format("{}/{}.json", options.locations.site_profiles, name);
}

Status check_installable(const LoadedProfile& loaded) {
  const std::string& name = loaded.profile.name;
  if (!policy::Profiles::is_shipped(name)) return {};
  return loaded.document.cannot("/name", "install " + in_quotes(name) + ": it is the name of a shipped profile",
                                "give it another name and let it extend the shipped one");
}

// Directories of ours on the way to the site's profiles, made where they are missing.
Status make_site(const std::string& site) {
  TRY_DO(make_directories(site, 0755));
  for (const std::string& directory : {site.substr(0, site.rfind('/')), site}) {
    TRY_DO(open_trusted_directory(AT_FDCWD, directory.empty() ? "/" : directory));
  }
  return {};
}

Result<int> install(const Options& options) {
  if (options.what.find('/') == std::string::npos && !options.what.ends_with(".json"))
    return fail(Code::usage, "cannot install " + in_quotes(options.what) + ": a file is needed",
                "its name has a / or ends in .json");
  TRY(loaded, load_profile(options.what, options.locations));
  TRY_DO(check_installable(loaded));
  const std::string& name = loaded.profile.name;
  const std::string path = path_of(name, options);
  TRY_DO(make_site(options.locations.site_profiles));
  TRY_DO(write_at_once(path, loaded.document.text, 0644, options.force));
  const Json row = {{"image", options.image.empty() ? "IMAGE" : options.image}, {"profile", name}};
  if (options.json) {
    print({{"name", name}, {"path", path}, {"policy", options.locations.policy_file}, {"select", row}});
  } else {
    print_line(path + ": installed");
    print_line(fmt::format(
        "To use it, add this row to \"select\" of {}, behind hardened-train's, before any other that matches as well:",
        options.locations.policy_file));
    print_line("  " + row.dump(-1, ' ', true, Json::error_handler_t::replace));
  }
  return fine;
}

// Where the policy speaks of the profile `name`; empty where it does not.
Result<std::string> selected_at(const std::string& name, const Options& options) {
  TRY(document, policy::read_policy(options.locations.policy_file));
  if (!document) return std::string();
  TRY(profiles, policy::Profiles::open(options.locations.site_profiles));
  const policy::Context context{.known = &runtime::known_names(), .profiles = profiles.names(), .waivers = {}};
  TRY(rules, policy::decode_policy(*document, context));
  if (rules.default_profile == name) return document->place("/default_profile");
  if (rules.build_profile == name) return document->place("/build_profile");
  for (std::size_t i = 0; i < rules.select.size(); ++i) {
    const policy::SelectRow& row = rules.select[i];
    const bool is_listed = std::find(row.allow.begin(), row.allow.end(), name) != row.allow.end();
    if (row.profile == name || is_listed) return document->place(fmt::format("/select/{}", i));
  }
  return std::string();
}

// The profile that extends `name`; empty for none.
Result<std::string> extended_at(const std::string& name, const Options& options) {
  TRY(profiles, policy::Profiles::open(options.locations.site_profiles));
  for (const std::string& other : profiles.names()) {
    const auto document = profiles.read(other);
    if (document && document->value.is_object() && policy::extended_by(document->value) == name)
      return document->place("/extends");
  }
  return std::string();
}

Status check_unused(const std::string& name, const Options& options) {
  for (const auto find : {selected_at, extended_at}) {
    auto place = find(name, options);
    if (!place) return tl::unexpected(std::move(place).error().because("cannot tell whether the profile is in use"));
    if (!place->empty())
      return fail(Code::policy, fmt::format("cannot remove {}: {} uses it", in_quotes(name), *place),
                  "change that first; with --force every new container it is for is refused");
  }
  return {};
}

Status check_removable(const std::string& name, const policy::Profiles& profiles) {
  if (policy::Profiles::is_shipped(name))
    return fail(Code::usage, "cannot remove " + in_quotes(name) + ": it is shipped, and built in");
  if (std::binary_search(profiles.names().begin(), profiles.names().end(), name)) return {};
  std::vector<std::string> own = profiles.names();
  std::erase_if(own, policy::Profiles::is_shipped);
  return fail(Code::usage, "cannot find a profile called " + in_quotes(name) + did_you_mean(name, own),
              "`hardenctl profile list` lists them");
}

Result<int> remove(const Options& options) {
  TRY(profiles, policy::Profiles::open(options.locations.site_profiles));
  TRY_DO(check_removable(options.what, profiles));
  if (!options.force) TRY_DO(check_unused(options.what, options));
  const std::string path = path_of(options.what, options);
  if (::unlink(path.c_str()) != 0) return fail_errno("cannot remove " + path, errno);
  if (options.json) {
    print({{"name", options.what}, {"path", path}});
  } else {
    print_line(path + ": removed");
  }
  return fine;
}

}  // namespace

void add_profile_install(CLI::App& group, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& installing = add(group, "install", "Check a profile, put it among the site's, and say how to select it",
                             "  hardenctl profile install nginx.json --image 'nginx:*'\n"
                             "  hardenctl profile install ./nginx.json --force\n");
  installing.add_option("file", options->what, "The profile")->required()->type_name("FILE");
  installing.add_option("--image", options->image, "For the row of the policy: the images it is for (glob)")
      ->type_name("PATTERN");
  installing.add_flag("--force", options->force, "Replace the profile of that name");
  add_profile_options(installing, options->locations, options->json);
  installing.callback([options, &action] { action = [options] { return install(*options); }; });

  CLI::App& removing = add(group, "remove", "Remove one of the site's profiles that nothing uses",
                           "  hardenctl profile remove nginx\n"
                           "  hardenctl profile remove nginx --force\n");
  removing.add_option("name", options->what, "The profile")->required()->type_name("NAME");
  removing.add_option("--policy", options->locations.policy_file, "The policy")
      ->capture_default_str()
      ->type_name("FILE");
  removing.add_flag("--force", options->force, "Even if the policy or another profile uses it");
  add_profile_options(removing, options->locations, options->json);
  removing.callback([options, &action] { action = [options] { return remove(*options); }; });
}

}  // namespace hardened::ctl
