// hardenctl profile lint: what in a profile is dangerous, and why.
#include <algorithm>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "generate/lint.h"

namespace hardened::ctl {
namespace {

struct Options {
  policy::Locations locations;
  std::string what;
  bool json = false;
};

std::string word_of(generate::Severity severity) {
  return severity == generate::Severity::error ? "error" : "warning";
}

// Capabilities that only a waiver can grant are remarked on, not refused.
Result<LoadedProfile> load(const Options& options) {
  auto loaded = load_profile(options.what, options.locations);
  if (loaded || loaded.error().code == Code::usage) return loaded;
  for (const std::string& path : {options.what, options.locations.site_profiles + "/" + options.what + ".json"}) {
    constexpr std::size_t most_bytes = std::size_t{8} << 20;
    auto text = read_named_file(path, most_bytes);
    if (text) return read_profile(path, std::move(*text), options.locations, true);
  }
  return loaded;
}

Result<int> lint(const Options& options) {
  TRY(loaded, load(options));
  const auto remarks = generate::lint(loaded.profile);
  Json rows = Json::array();
  Table table({"RULE", "LEVEL", "WHAT", "WHY", "REFERENCE"});
  for (const generate::Remark& remark : remarks) {
    table.add({std::string(remark.id), word_of(remark.severity), remark.what, std::string(remark.why),
               std::string(remark.reference)});
    rows.push_back({{"rule", remark.id},
                    {"level", word_of(remark.severity)},
                    {"what", remark.what},
                    {"why", remark.why},
                    {"reference", remark.reference}});
  }
  if (options.json) {
    print(rows);
  } else if (remarks.empty()) {
    print_line(loaded.profile.name + ": nothing to remark");
  } else {
    table.print();
  }
  const auto is_error = [](const generate::Remark& remark) { return remark.severity == generate::Severity::error; };
  return std::any_of(remarks.begin(), remarks.end(), is_error) ? flawed : fine;
}

}  // namespace

void add_profile_lint(CLI::App& group, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add(group, "lint", "What in a profile is dangerous, and why; ends with 1 if anything is an error",
                          "  hardenctl profile lint nginx\n"
                          "  hardenctl profile lint ./nginx.json --json\n");
  add_profile_argument(command, options->what);
  add_profile_options(command, options->locations, options->json);
  command.callback([options, &action] { action = [options] { return lint(*options); }; });
}

}  // namespace hardened::ctl
