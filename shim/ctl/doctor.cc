// hardenctl doctor: can this host do what a container is promised, and does its engine ask us at all? With --host: what
// a benchmark asks of the host and its engines, which no runtime can do for them.
#include <fmt/format.h>

#include <algorithm>

#include "ctl/checks.h"
#include "ctl/command.h"
#include "ctl/host_checks.h"
#include "ctl/output.h"
#include "host/machine.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  Places places;
  std::vector<std::string> only;
  bool host = false;
  std::string root = "/";
  bool json = false;
};

constexpr const char* words[] = {"pass", "FAIL", "note", "n/a"};

std::vector<HostFinding> look_at_promises(const Options& options) {
  Facts machine;
  static_cast<void>(host::read_machine(machine));  // what cannot be told is shown as lacking
  std::vector<HostFinding> found;
  for (const Check& check : checks()) {
    const std::string id(check.id);
    if (options.only.empty() || std::find(options.only.begin(), options.only.end(), id) != options.only.end())
      found.push_back({id, std::string(check.question), "", check.look(options.places, machine)});
  }
  return found;
}

Result<std::vector<HostFinding>> look(const Options& options) {
  std::vector<HostFinding> found;
  std::vector<std::string> ids;
  if (options.host) {
    TRY(host, Host::open(options.root));
    found = look_at_host(host);
    for (const HostFinding& one : found) ids.push_back(one.id);
  } else {
    for (const Check& check : checks()) ids.emplace_back(check.id);
  }
  for (const std::string& id : options.only) {
    if (std::find(ids.begin(), ids.end(), id) == ids.end())
      return fail(Code::usage, fmt::format("cannot find the check {}{}", in_quotes(id), did_you_mean(id, ids)),
                  fmt::format("{} are {}", options.host ? "the checks of a host" : "the checks", join(ids, ", ")));
  }
  if (!options.host) return look_at_promises(options);
  std::erase_if(found, [&](const HostFinding& one) {
    return !options.only.empty() && std::find(options.only.begin(), options.only.end(), one.id) == options.only.end();
  });
  return found;
}

void print_table(const std::vector<HostFinding>& found, bool all_of_a_host) {
  Table table({"CHECK", "", "FOUND"});
  for (const HostFinding& row : found) {
    table.add({row.id, words[static_cast<int>(row.finding.health)], row.finding.detail});
    if (row.finding.health == Health::good || row.finding.health == Health::not_here) continue;
    if (!row.references.empty()) table.add({"", "", "  of: " + row.references});
    if (!row.finding.remedy.empty()) table.add({"", "", "  mend: " + row.finding.remedy});
  }
  table.print();
  if (!all_of_a_host) return;
  print_line("\nNo file of a host tells, so look elsewhere for:");
  for (const std::string& sentence : not_looked_at()) print_line("  " + sentence);
}

Json described(const std::vector<HostFinding>& found) {
  Json list = Json::array();
  for (const HostFinding& row : found) {
    list.push_back({{"check", row.id},
                    {"question", row.statement},
                    {"health", words[static_cast<int>(row.finding.health)]},
                    {"detail", row.finding.detail},
                    {"remedy", row.finding.remedy}});
    if (!row.references.empty()) list.back()["references"] = row.references;
  }
  return list;
}

Result<int> doctor(const Options& options) {
  TRY(found, look(options));
  if (options.json) {
    print(described(found));
  } else {
    print_table(found, options.host && options.only.empty());
  }
  const bool ill =
      std::any_of(found.begin(), found.end(), [](const HostFinding& row) { return row.finding.health == Health::bad; });
  return ill ? flawed : fine;
}

}  // namespace

void add_places(CLI::App& command, Places& places) {
  const auto add_option = [&](const char* name, std::string& value, const char* description, const char* kind) {
    command.add_option(name, value, description)->capture_default_str()->type_name(kind);
  };
  add_option("--docker-config", places.docker_config, "dockerd's configuration", "FILE");
  add_option("--docker-data", places.docker_data, "Where Docker keeps its layers", "DIRECTORY");
  add_option("--docker-socket", places.docker_socket, "dockerd's socket", "FILE");
}

void add_doctor(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add(app, "doctor", "Can this host do what containers are promised? Ends with 1 where it cannot",
                          "  hardenctl doctor\n"
                          "  hardenctl doctor user-namespaces idmapped-mounts\n"
                          "  hardenctl doctor --host\n"
                          "  hardenctl doctor --host tls docker-group --json\n"
                          "  hardenctl doctor --json | jq '.[] | select(.health == \"FAIL\")'\n");
  command.add_option("check", options->only, "Only these")->type_name("CHECK");
  command.add_flag("--host", options->host,
                   "Look at the host and its engines instead: files, settings, what is audited, versions");
  // For tests: programs found there are asked for their version.
  command.add_option("--root", options->root, "The root directory of the host")->group("");
  add_places(command, options->places);
  for (const char* place : {"--docker-config", "--docker-data", "--docker-socket"})
    command.get_option("--host")->excludes(command.get_option(place));
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, &action] { action = [options] { return doctor(*options); }; });
}

}  // namespace hardened::ctl
