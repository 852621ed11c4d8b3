// hardenctl controls: the table of controls, as the runtime has it.
#include <fmt/format.h>

#include "controls/registry.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "policy/words.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

using controls::Control;

struct Options {
  std::string id;
  bool json = false;
};

std::string level_of(const Control& control) {
  return std::string(policy::word_of(policy::level_words, control.fallback));
}

std::vector<std::string> references_of(const Control& control) {
  std::vector<std::string> references;
  for (const controls::Reference& reference : control.references)
    references.push_back(fmt::format("{} {}", reference.document, reference.item));
  return references;
}

Json describe(const Control& control) {
  return {{"id", control.id},
          {"title", control.title},
          {"rationale", control.rationale},
          {"references", references_of(control)},
          {"owns", Json(std::vector<std::string>(control.owns.begin(), control.owns.end()))},
          {"level", level_of(control)}};
}

void tell(const Control& control) {
  print_line(fmt::format("{}: {}", control.id, control.title));
  print_line(fmt::format("  why         {}", control.rationale));
  print_line(fmt::format("  references  {}", join(references_of(control), ", ")));
  for (const std::string_view pointer : control.owns) print_line(fmt::format("  changes     {}", pointer));
  print_line(fmt::format("  level       {} where the policy names none", level_of(control)));
}

Result<int> one(const Options& options) {
  const Control* control = controls::find_control(options.id);
  if (control == nullptr) {
    std::vector<std::string> ids;
    for (const Control* known : controls::registry()) ids.emplace_back(known->id);
    return fail(Code::usage, "cannot find a control called " + in_quotes(options.id) + did_you_mean(options.id, ids),
                "`hardenctl controls` lists them");
  }
  if (options.json) {
    print(describe(*control));
  } else {
    tell(*control);
  }
  return fine;
}

Result<int> all(const Options& options) {
  Json list = Json::array();
  Table table({"CONTROL", "LEVEL", "TITLE"});
  for (const Control* control : controls::registry()) {
    list.push_back(describe(*control));
    table.add({std::string(control->id), level_of(*control), std::string(control->title)});
  }
  if (options.json) {
    print(list);
  } else {
    table.print();
  }
  return fine;
}

}  // namespace

void add_controls(CLI::App& app, Action& action) {
  CLI::App& command = add(app, "controls", "What is enforced in every container, and why",
                          "  hardenctl controls\n"
                          "  hardenctl controls seccomp\n"
                          "  hardenctl controls --json\n");
  const auto options = std::make_shared<Options>();
  command.add_option("control", options->id, "Tell about this one")->type_name("ID");
  command.add_flag("--json", options->json, "Print JSON");
  command.callback(
      [options, &action] { action = [options] { return options->id.empty() ? all(*options) : one(*options); }; });
}

}  // namespace hardened::ctl
