// hardenctl profile list and show: which profiles there are, and what one means.
#include <fmt/format.h>

#include <algorithm>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "generate/known_flaws.h"
#include "generate/system_calls.h"
#include "policy/decode_profile.h"
#include "policy/sources.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  policy::Locations locations;
  std::string what;
  bool json = false;
};

std::string extended_by(const LoadedProfile& loaded) {
  const std::string base = policy::extended_by(loaded.document.value);
  return base.empty() && loaded.origin != "shipped" ? "strict" : base;
}

std::string description_of(const LoadedProfile& loaded) {
  const auto found = loaded.document.value.find("description");
  return found == loaded.document.value.end() ? std::string() : found->get<std::string>();
}

Result<int> list(const Options& options) {
  TRY(profiles, policy::Profiles::open(options.locations.site_profiles));
  Json rows = Json::array();
  Table table({"PROFILE", "FROM", "EXTENDS", "DESCRIPTION"});
  int status = fine;
  for (const std::string& name : profiles.names()) {
    const auto loaded = load_profile(name, options.locations);
    if (!loaded) {
      complain(loaded.error());
      status = flawed;
      continue;
    }
    table.add({name, loaded->origin, extended_by(*loaded), description_of(*loaded)});
    rows.push_back({{"name", name},
                    {"from", loaded->origin},
                    {"extends", extended_by(*loaded)},
                    {"description", description_of(*loaded)}});
  }
  if (options.json) {
    print(rows);
  } else {
    table.print();
  }
  return status;
}

// How many of `known` are in `allowed`.
std::size_t count_of(const std::set<std::string>& known, const std::set<std::string>& allowed) {
  return static_cast<std::size_t>(std::count_if(
      known.begin(), known.end(), [&allowed](const std::string& call) { return allowed.contains(call); }));
}

struct Reach {
  std::set<std::string> allowed;
  std::size_t known = 0, own = 0, docker = 0;            // calls
  std::size_t flaws = 0, closed = 0, docker_closed = 0;  // CVEs
};

Reach reach_of(const Profile& profile) {
  const std::string architecture = generate::this_architecture();
  const auto& known = generate::calls_of(architecture);
  const auto docker = generate::allowed_by_docker(architecture);
  Reach reach;
  reach.allowed = generate::allowed_by(profile, architecture);
  reach.known = known.size();
  reach.own = count_of(known, reach.allowed);
  reach.docker = count_of(known, docker);
  reach.flaws = generate::known_flaws().size();
  reach.closed = generate::closed_flaws(reach.allowed).size();
  reach.docker_closed = generate::closed_flaws(docker).size();
  return reach;
}

Json describe(const LoadedProfile& loaded) {
  const Reach reach = reach_of(loaded.profile);
  return {{"name", loaded.profile.name},
          {"from", loaded.origin},
          {"extends", extended_by(loaded)},
          {"calls",
           {{"known", reach.known},
            {"allowed", reach.own},
            {"denied", reach.known - reach.own},
            {"docker", {{"allowed", reach.docker}, {"denied", reach.known - reach.docker}}},
            {"names", reach.allowed}}},
          {"cves", {{"known", reach.flaws}, {"closed", reach.closed}, {"docker", {{"closed", reach.docker_closed}}}}},
          {"profile", loaded.profile.document}};
}

std::string or_none(const std::vector<std::string>& words) {
  return words.empty() ? "none" : join(words, ", ");
}

std::vector<std::string> writable_of(const Profile& profile) {
  std::vector<std::string> places = {"/tmp", "/var/tmp", "/run"};
  for (const policy::Writable& writable : profile.writable)
    places.push_back(fmt::format("{} ({})", writable.path, format_size(writable.size)));
  return places;
}

std::string root_of(const Profile& profile) {
  const std::string root = profile.document.value("rootfs", "read-only");
  return profile.rootfs == policy::Rootfs::ephemeral ? fmt::format("{} ({})", root, format_size(profile.rootfs_size))
                                                     : root;
}

std::string root_user_of(const Profile& profile) {
  if (profile.root_user == policy::RootUser::refuse) return "; root is refused";
  if (profile.root_user == policy::RootUser::allow) return "";
  return fmt::format("; root becomes {}:{}", profile.run_as_uid, profile.run_as_gid);
}

template <typename T, typename Format>
std::string limit(const policy::Limit<T>& limit, Format format) {
  return fmt::format("{}, at most {}", format(limit.fallback), format(limit.max));
}

void tell(const LoadedProfile& loaded) {
  const Profile& profile = loaded.profile;
  const Reach reach = reach_of(profile);
  const auto number = [](auto value) { return fmt::format("{}", value); };
  Table table({"profile", profile.name});
  table.add({"from", loaded.origin == "file" ? loaded.document.file : loaded.origin});
  table.add({"extends", extended_by(loaded).empty() ? "nothing" : extended_by(loaded)});
  table.add({"calls", fmt::format("{} of {} allowed, {} denied; Docker's default: {} allowed, {} denied", reach.own,
                                  reach.known, reach.known - reach.own, reach.docker, reach.known - reach.docker)});
  table.add({"sockets", or_none(profile.seccomp.socket_families)});
  table.add({"32-bit programs", profile.seccomp.compat_architectures ? "allowed" : "denied"});
  table.add({"capabilities", or_none(profile.capabilities)});
  table.add({"root", root_of(profile)});
  table.add({"writable", profile.rootfs == policy::Rootfs::read_only ? join(writable_of(profile), ", ") : "all of it"});
  table.add({"memory", limit(profile.limits.memory, format_size)});
  table.add({"processes", limit(profile.limits.pids, number)});
  table.add({"cpus", limit(profile.limits.cpu, number)});
  table.add({"users", (profile.user_namespace.own ? "its own" : "the host's") + root_user_of(profile)});
  table.add({"devices", or_none(profile.devices)});
  table.add({"host namespaces", or_none(profile.namespaces)});
  table.add({"kernel CVEs",
             fmt::format("{} of {} closed; Docker's default: {}", reach.closed, reach.flaws, reach.docker_closed)});
  table.print();
}

Result<int> show(const Options& options) {
  TRY(loaded, load_profile(options.what, options.locations));
  if (options.json) {
    print(describe(loaded));
  } else {
    tell(loaded);
  }
  return fine;
}

}  // namespace

void add_profile_show(CLI::App& group, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& listing = add(group, "list", "The profiles there are: shipped, and the site's own",
                          "  hardenctl profile list\n"
                          "  hardenctl profile list --json\n");
  add_profile_options(listing, options->locations, options->json);
  listing.callback([options, &action] { action = [options] { return list(*options); }; });

  CLI::App& showing = add(group, "show", "What a profile means, with all that it extends",
                          "  hardenctl profile show strict\n"
                          "  hardenctl profile show ./nginx.json\n"
                          "  hardenctl profile show nginx --json | jq -r '.calls.names[]'\n");
  add_profile_argument(showing, options->what);
  add_profile_options(showing, options->locations, options->json);
  showing.callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace hardened::ctl
