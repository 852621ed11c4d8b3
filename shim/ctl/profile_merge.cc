// hardenctl profile merge: new training logs into a profile; with --check the gate that tells drift.
#include <fmt/format.h>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "ctl/training_logs.h"
#include "generate/merge.h"
#include "runtime/known_names.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  LogChoice choice;
  policy::Locations locations;
  std::string base, output;
  bool check = false, force = false, json = false;
};

void tell(const generate::Merged& merged, const Options& options) {
  for (const std::string& warning : merged.draft.warnings) complain({Code::policy, "warning: " + warning, {}});
  if (options.json) {
    print({{"changes", merged.changes}, {"warnings", merged.draft.warnings}, {"profile", merged.draft.document}});
    return;
  }
  for (const std::string& change : merged.changes)
    complain({Code::policy, fmt::format("the merged profile {}", change), {}});
}

Result<int> merge(const Options& options) {
  TRY(base, load_profile(options.base, options.locations));
  if (base.origin == "shipped" && !options.check)
    return fail(Code::usage, "cannot change " + in_quotes(options.base) + ": it is shipped, and built in",
                "`hardenctl profile generate` makes one that extends it; --check works");
  TRY(evidence, read_training(options.choice));
  const auto merged = generate::merge(base.document, base.profile, evidence, runtime::known_names());
  if (options.check) {
    tell(merged, options);
    return merged.changes.empty() ? fine : flawed;
  }
  const std::string text = generate::rendered(merged.draft);
  TRY_DO(read_profile("the merged profile", text, options.locations));
  tell(merged, options);
  if (!options.output.empty()) TRY_DO(write_at_once(options.output, text, 0644, options.force));
  if (options.output.empty() && !options.json) print_line(text.substr(0, text.size() - 1));
  return fine;
}

}  // namespace

void add_profile_merge(CLI::App& group, Action& action) {
  CLI::App& command =
      add(group, "merge", "Widen a profile by what new runs did (its comments but the first are lost)",
          "  hardenctl profile merge nginx --image 'nginx:*' --check    # ends with 1 when a run needs more\n"
          "  hardenctl profile merge ./nginx.json run.jsonl -o nginx.json --force\n");
  const auto options = std::make_shared<Options>();
  command.add_option("base", options->base, "The profile")->required()->type_name("NAME|FILE");
  command.add_option("files", options->choice.files, "Log files, instead of those of --logs")->type_name("FILE");
  add_log_options(command, options->choice);
  command.add_flag("--check", options->check, "Write nothing; end with 1 if the profile would change");
  command.add_option("-o,--output", options->output, "Write here instead of standard output")->type_name("FILE");
  command.add_flag("--force", options->force, "Replace the file of -o");
  add_profile_options(command, options->locations, options->json);
  command.callback([options, &action] { action = [options] { return merge(*options); }; });
}

}  // namespace hardened::ctl
