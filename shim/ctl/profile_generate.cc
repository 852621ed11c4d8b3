// hardenctl profile generate: from training logs to a profile.
#include <fmt/format.h>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "ctl/training_logs.h"
#include "generate/propose.h"
#include "policy/decode.h"
#include "policy/sources.h"
#include "runtime/known_names.h"
#include "util/text.h"
#include "util/version.h"

namespace hardened::ctl {
namespace {

struct Options {
  LogChoice choice;
  policy::Locations locations;
  std::string name;
  std::string output;
  bool siblings = false, force = false, json = false;
};

// "docker.io/library/nginx:1.25" → "nginx"; what cannot be a name becomes "trained".
std::string name_for(const std::string& image) {
  std::string name = image.substr(0, image.find('@'));
  name = name.substr(name.rfind('/') + 1);
  name = name.substr(0, name.find(':'));
  return policy::is_profile_name(name) ? name : "trained";
}

Status check_name(const std::string& name) {
  if (!policy::is_profile_name(name))
    return fail(Code::usage, "cannot call a profile " + in_quotes(name),
                "a-z, 0-9, '.', '_' and '-' are allowed, a letter or digit first");
  if (policy::Profiles::is_shipped(name))
    return fail(Code::usage, "cannot call a profile " + in_quotes(name) + ": a shipped one is called so",
                "--name gives it another");
  return {};
}

Json describe(const generate::Evidence& evidence, const generate::Draft& draft) {
  std::vector<std::string> runs;
  for (const generate::Run& run : evidence.runs) runs.push_back(run.run);
  return {{"name", draft.document["name"]},
          {"runs", runs},
          {"siblings", draft.siblings},
          {"warnings", draft.warnings},
          {"profile", draft.document}};
}

void tell(const generate::Draft& draft, const Options& options) {
  for (const std::string& warning : draft.warnings) complain({Code::policy, "warning: " + warning, {}});
  if (options.siblings) complain({Code::policy, fmt::format("--siblings added {} calls", draft.siblings), {}});
}

Result<int> generate(const Options& options) {
  TRY(evidence, read_training(options.choice));
  const policy::Known& known = runtime::known_names();
  TRY(base, policy::built_in("strict", known));
  generate::Wishes wishes{options.name.empty() ? name_for(evidence.runs.back().image) : options.name, options.siblings,
                          version};
  TRY_DO(check_name(wishes.name));
  const generate::Draft draft = generate::propose(evidence, base, known, wishes);
  const std::string text = generate::rendered(draft);
  // Whatever the logs held: what comes out is what the runtime takes, or nothing.
  TRY_DO(read_profile("the generated profile", text, options.locations));
  tell(draft, options);
  if (!options.output.empty()) TRY_DO(write_at_once(options.output, text, 0644, options.force));
  if (options.json) {
    print(describe(evidence, draft));
  } else if (options.output.empty()) {
    print_line(text.substr(0, text.size() - 1));
  }
  return fine;
}

}  // namespace

void add_profile_generate(CLI::App& group, Action& action) {
  CLI::App& command = add(group, "generate", "Make a profile that allows what was recorded, and no more",
                          "  hardenctl profile generate --image nginx:1.25 -o nginx.json\n"
                          "  hardenctl profile generate --run 3f2a --run 77b0 --name web\n"
                          "  hardenctl profile generate /srv/logs/*.jsonl --siblings --json\n"
                          "  hardenctl profile generate --from-audit /var/log/audit/audit.log --program '*/nginx'\n");
  const auto options = std::make_shared<Options>();
  add_log_options(command, options->choice);
  command.add_option("logs", options->choice.files, "Log files, instead of those of --logs")->type_name("FILE");
  command.add_option("--name", options->name, "The profile's name; default: the image's")->type_name("NAME");
  command.add_option("-o,--output", options->output, "Write here instead of standard output")->type_name("FILE");
  command.add_flag("--force", options->force, "Replace the file of -o");
  command.add_flag("--siblings", options->siblings, "Also allow what other C libraries call instead");
  add_profile_options(command, options->locations, options->json);
  command.callback([options, &action] { action = [options] { return generate(*options); }; });
}

}  // namespace hardened::ctl
