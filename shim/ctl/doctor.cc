// hardenctl doctor: can this host do what a container is promised, and does its engine ask us at all?
#include <fmt/format.h>

#include <algorithm>

#include "ctl/checks.h"
#include "ctl/command.h"
#include "ctl/output.h"
#include "host/machine.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  Places places;
  std::vector<std::string> only;
  bool json = false;
};

constexpr const char* words[] = {"pass", "FAIL", "note", "n/a"};

struct Told {
  const Check* check;
  Finding finding;
};

Result<std::vector<Told>> look(const Options& options) {
  std::vector<std::string> ids;
  for (const Check& check : checks()) ids.emplace_back(check.id);
  for (const std::string& id : options.only) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end())
      return fail(Code::usage, fmt::format("cannot find the check {}{}", in_quotes(id), did_you_mean(id, ids)),
                  "the checks are " + join(ids, ", "));
  }
  Facts machine;
  host::read_machine(machine);
  std::vector<Told> told;
  for (const Check& check : checks()) {
    if (options.only.empty() || std::find(options.only.begin(), options.only.end(), check.id) != options.only.end())
      told.push_back({&check, check.look(options.places, machine)});
  }
  return told;
}

void print_table(const std::vector<Told>& told) {
  Table table({"CHECK", "", "FOUND"});
  for (const Told& row : told) {
    table.add({std::string(row.check->id), words[static_cast<int>(row.finding.health)], row.finding.detail});
    if (!row.finding.remedy.empty()) table.add({"", "", "  mend: " + row.finding.remedy});
  }
  table.print();
}

Json described(const std::vector<Told>& told) {
  Json list = Json::array();
  for (const Told& row : told)
    list.push_back({{"check", row.check->id},
                    {"question", row.check->question},
                    {"health", words[static_cast<int>(row.finding.health)]},
                    {"detail", row.finding.detail},
                    {"remedy", row.finding.remedy}});
  return list;
}

Result<int> doctor(const Options& options) {
  TRY(told, look(options));
  if (options.json) {
    print(described(told));
  } else {
    print_table(told);
  }
  const bool ill =
      std::any_of(told.begin(), told.end(), [](const Told& row) { return row.finding.health == Health::bad; });
  return ill ? flawed : fine;
}

}  // namespace

void add_doctor(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add(app, "doctor", "Can this host do what containers are promised? Ends with 1 where it cannot",
                          "  hardenctl doctor\n"
                          "  hardenctl doctor user-namespaces idmapped-mounts\n"
                          "  hardenctl doctor --json | jq '.[] | select(.health == \"FAIL\")'\n");
  command.add_option("check", options->only, "Only these")->type_name("CHECK");
  command.add_option("--docker-config", options->places.docker_config, "dockerd's configuration")
      ->capture_default_str()
      ->type_name("FILE");
  command.add_option("--docker-data", options->places.docker_data, "Where Docker keeps its layers")
      ->capture_default_str()
      ->type_name("DIRECTORY");
  command.add_option("--docker-socket", options->places.docker_socket, "dockerd's socket")
      ->capture_default_str()
      ->type_name("FILE");
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, &action] { action = [options] { return doctor(*options); }; });
}

}  // namespace hardened::ctl
