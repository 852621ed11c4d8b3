// hardenctl policy: is what stands in /etc/hardened right, and what does it mean for one container?
#include <fmt/format.h>

#include "controls/engine.h"
#include "controls/registry.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "policy/check.h"
#include "policy/words.h"
#include "runtime/known_names.h"
#include "util/clock.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  policy::Locations locations;
  std::string image;
  std::string program = "hardened-runtime";
  std::vector<std::string> labels, annotations;
  bool json = false;
};

Json describe(const Error& error) {
  return {{"message", error.message}, {"hint", error.hint}};
}

Result<int> check(const Options& options) {
  const policy::CheckReport report = policy::check(utc_today(), runtime::known_names(), options.locations);
  if (options.json) {
    Json problems = Json::array();
    for (const Error& problem : report.problems) problems.push_back(describe(problem));
    print({{"policy", report.policy_exists ? Json(options.locations.policy_file) : Json()},
           {"profiles", report.profiles},
           {"problems", problems}});
  } else {
    for (const Error& problem : report.problems) complain(problem);
    if (report.problems.empty() && report.policy_exists) print_line(options.locations.policy_file + ": fine");
    if (report.problems.empty() && !report.policy_exists)
      print_line(fmt::format("{}: not there, the built-in defaults hold", options.locations.policy_file));
    print_line("profiles: " + join(report.profiles, ", "));
  }
  return report.problems.empty() ? fine : flawed;
}

Result<std::map<std::string, std::string>> pairs(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> result;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return fail(Code::usage, "cannot use " + in_quotes(text) + ": not KEY=VALUE");
    result[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return result;
}

Json levels_of(const Policy& policy) {
  Json levels = Json::object();
  for (const controls::Control* control : controls::registry()) {
    levels[std::string(control->id)] = policy::word_of(policy::level_words, controls::level_of(*control, policy));
  }
  return levels;
}

Json describe(const Policy& policy) {
  Json waivers = Json::array();
  for (const policy::Waiver& waiver : policy.waivers)
    waivers.push_back({{"control", waiver.control}, {"allow", waiver.allow}, {"reason", waiver.reason}});
  return {{"mode", policy::word_of(policy::mode_words, policy.mode)},
          {"runtimes", policy.runtimes},
          {"images", policy.images},
          {"profile", policy.profile.document},
          {"controls", levels_of(policy)},
          {"waivers", waivers},
          {"audit",
           {{"when_unwritable", policy.audit.refuse_when_unwritable ? "refuse" : "continue"},
            {"also", policy.audit.syslog ? Json::array({"syslog"}) : Json::array()}}},
          {"digest", policy.digest}};
}

std::string any_of(const std::vector<std::string>& words, const char* none) {
  return words.empty() ? none : join(words, ", ");
}

void tell(const Policy& policy) {
  Table table({"mode", std::string(policy::word_of(policy::mode_words, policy.mode))});
  table.add({"profile", policy.profile.name});
  table.add({"capabilities", any_of(policy.profile.capabilities, "none")});
  table.add({"root", policy.profile.document.value("rootfs", "")});
  table.add({"user namespace", policy.profile.user_namespace.own ? "its own" : "the host's"});
  table.add({"memory", fmt::format("{}, at most {}", format_size(policy.profile.limits.memory.fallback),
                                   format_size(policy.profile.limits.memory.max))});
  table.add(
      {"pids", fmt::format("{}, at most {}", policy.profile.limits.pids.fallback, policy.profile.limits.pids.max)});
  table.add({"cpus", fmt::format("{}, at most {}", policy.profile.limits.cpu.fallback, policy.profile.limits.cpu.max)});
  table.add({"images", any_of(policy.images, "any")});
  table.add({"runtimes", any_of(policy.runtimes, "the usual places")});
  const Json levels = levels_of(policy);
  for (const auto& [control, level] : levels.items()) {
    if (level != "enforce") table.add({"level", fmt::format("{}: {}", control, level.get<std::string>())});
  }
  for (const policy::Waiver& waiver : policy.waivers)
    table.add({"waiver", fmt::format("{}: {} ({})", waiver.control, join(waiver.allow, ", "), waiver.reason)});
  table.add({"digest", policy.digest});
  table.print();
}

Result<int> show(const Options& options) {
  Workload workload;
  workload.image = options.image;
  TRY(labels, pairs(options.labels));
  TRY(annotations, pairs(options.annotations));
  workload.labels = std::move(labels);
  workload.annotations = std::move(annotations);
  TRY(policy, policy::load(workload, options.program, utc_today(), runtime::known_names(), options.locations));
  if (options.json) {
    print(describe(policy));
  } else {
    tell(policy);
  }
  return fine;
}

void add_locations(CLI::App& command, Options& options) {
  command.add_option("--file", options.locations.policy_file, "The policy")->capture_default_str()->type_name("FILE");
  command.add_option("--profiles", options.locations.site_profiles, "The site's profiles")
      ->capture_default_str()
      ->type_name("DIRECTORY");
  command.add_flag("--json", options.json, "Print JSON");
}

}  // namespace

void add_policy(CLI::App& app, Action& action) {
  CLI::App& group = *app.add_subcommand("policy", "Check and show the policy");
  group.require_subcommand(1);
  const auto options = std::make_shared<Options>();

  CLI::App& checking = add(group, "check", "Is anything wrong with the policy or a profile? Ends with 1 if so",
                           "  hardenctl policy check\n"
                           "  hardenctl policy check --file policy.json.new --profiles /etc/hardened/profiles.d\n");
  add_locations(checking, *options);
  checking.callback([options, &action] { action = [options] { return check(*options); }; });

  CLI::App& showing = add(group, "show", "What holds for a container, with the built-in defaults and its profile",
                          "  hardenctl policy show\n"
                          "  hardenctl policy show --image nginx:1.25 --program hardened-compat\n"
                          "  hardenctl policy show --label hardened.profile=web --json\n");
  add_locations(showing, *options);
  showing.add_option("--image", options->image, "The container's image, as the user types it");
  showing.add_option("--program", options->program, "The name the runtime is called by")->capture_default_str();
  showing.add_option("--label", options->labels, "A label of the container")->type_name("KEY=VALUE");
  showing.add_option("--annotation", options->annotations, "An annotation of the container")->type_name("KEY=VALUE");
  showing.callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace hardened::ctl
