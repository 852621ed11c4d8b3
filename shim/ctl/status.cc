// hardenctl status: on one screen, is this host's every container hardened, and by what?
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "audit/verify.h"
#include "ctl/checks.h"
#include "ctl/command.h"
#include "ctl/containers.h"
#include "ctl/docker_config.h"
#include "ctl/dockerd.h"
#include "ctl/output.h"
#include "host/machine.h"
#include "policy/check.h"
#include "policy/words.h"
#include "runtime/known_names.h"
#include "state/init_process.h"
#include "state/store.h"
#include "util/clock.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

// A larger log takes seconds to walk: that is left to `audit verify`.
constexpr std::uintmax_t largest_walked = std::uintmax_t{64} << 20;  // bytes
constexpr std::size_t largest_config = std::size_t{8} << 20;         // bytes
constexpr const char* words[] = {"pass", "FAIL", "note", "n/a"};

struct Options {
  Places places;
  bool json = false;
};

// A line of the screen, and the same as data.
struct Part {
  std::string name;
  Finding finding;
  Json data;
};

Health worst(bool is_bad, Health otherwise) {
  return is_bad ? Health::bad : otherwise;
}

// By the row of the doctor's table that asks it.
Finding asked(std::string_view id, const Options& options, const Facts& machine) {
  for (const Check& check : checks()) {
    if (check.id == id) return check.look(options.places, machine);
  }
  return {};
}

Part docker(const Options& options, const Facts& machine) {
  const std::string& config = options.places.docker_config;
  const auto text = read_trusted_file(AT_FDCWD, config, largest_config);
  const std::optional<std::string> daemon = text ? std::optional(*text) : std::nullopt;
  const auto registered = registered_runtimes(daemon, config).value_or(std::vector<std::string>{});
  const auto chosen = default_runtime(daemon, config).value_or(std::nullopt);
  Json pids = Json::array();
  for (const Dockerd& one : dockerds_of(config)) pids.push_back(one.pid);
  Part part{"docker", asked("docker-default", options, machine), {}};
  part.data = {{"config", config}, {"pids", pids}, {"registered", registered}, {"default", chosen.value_or("runc")}};
  if (part.finding.health == Health::good)
    part.finding.detail += fmt::format("; registered: {}; {}", join(registered, ", "),
                                       pids.empty() ? "dockerd does not run" : "dockerd runs");
  return part;
}

Part policy(const Options& options) {
  const policy::Locations& locations = options.places.policy;
  const policy::CheckReport report = policy::check(utc_today(), runtime::known_names(), locations);
  Part part{"policy",
            {},
            {{"file", report.policy_exists ? Json(locations.policy_file) : Json()},
             {"profiles", report.profiles},
             {"problems", report.problems.size()}}};
  const auto loaded = policy::load({}, "hardened-runtime", utc_today(), runtime::known_names(), locations);
  if (!report.problems.empty() || !loaded) {
    const Error& error = report.problems.empty() ? loaded.error() : report.problems.front();
    part.finding = {Health::bad, error.message, error.hint};
    return part;
  }
  const std::string mode(policy::word_of(policy::mode_words, loaded->mode));
  part.data["mode"] = mode;
  part.data["default_profile"] = loaded->profile.name;
  part.data["digest"] = loaded->digest;
  const bool audits = loaded->mode == policy::Mode::audit;
  part.finding = {audits ? Health::note : Health::good,
                  fmt::format("{}: mode {}, profile {}", report.policy_exists ? locations.policy_file : "built in",
                              mode, loaded->profile.name),
                  audits ? "in mode audit nothing is enforced: set \"mode\": \"enforce\"" : ""};
  return part;
}

bool runs(const state::Grant& grant) {
  const auto init = state::init_of(grant.runtime_root, grant.id);
  return init && ::access(fmt::format("/proc/{}", *init).c_str(), F_OK) == 0;
}

bool trains(const state::Grant& grant) {
  const auto profile = policy::decode_profile(grant.profile);
  return profile && profile->training;
}

Part containers() {
  const auto grants = state::list();
  if (!grants) return {"containers", {Health::bad, grants.error().message, grants.error().hint}, Json::object()};
  std::vector<std::string> hardened, training, outside;
  for (const state::Grant& grant : *grants) {
    if (runs(grant)) (trains(grant) ? training : hardened).push_back(grant.id);
  }
  for (const Stranger& stranger : strangers(*grants)) outside.push_back(stranger.id);
  Part part{"containers", {}, {{"hardened", hardened}, {"training", training}, {"outside", outside}}};
  const std::string counts =
      fmt::format("{} hardened, {} in training, {} without us", hardened.size(), training.size(), outside.size());
  part.finding = {
      outside.empty() && training.empty() ? Health::good : Health::note, counts,
      outside.empty() ? "" : "`hardenctl verify` names them, `hardenctl explain ID` tells what we would change"};
  return part;
}

Part audit_log(const Options& options) {
  const std::string& path = options.places.audit_log;
  struct stat status {};
  const int error = ::stat(path.c_str(), &status) == 0 ? 0 : errno;
  if (error != 0 && error != ENOENT)
    return {"audit-log",
            {Health::bad, fmt::format("cannot look at {}: {}", path, std::system_category().message(error)),
             "run it as root"},
            {{"file", path}}};
  if (error == ENOENT)
    return {"audit-log", {Health::good, path + " is made by the first container", {}}, {{"file", path}, {"bytes", 0}}};
  const auto size = static_cast<std::uintmax_t>(status.st_size);
  Part part{"audit-log", {}, {{"file", path}, {"bytes", size}}};
  if (size > largest_walked) {
    part.finding = {Health::note, fmt::format("{}: {} bytes, not walked", path, size), "hardenctl audit verify"};
    return part;
  }
  const auto report = audit::verify(path);
  if (!report) {
    part.finding = {Health::bad, report.error().message, report.error().hint};
    return part;
  }
  part.data["records"] = report->records;
  part.data["intact"] = report->intact();
  part.data["lost"] = report->lost;
  const std::string counted = fmt::format("{}: {} bytes, {} records", path, size, report->records);
  part.finding = {worst(!report->intact(), report->lost == 0 ? Health::good : Health::note),
                  report->intact() ? counted + ", intact" : fmt::format("{}, {}", counted, report->message),
                  report->intact() ? "" : "hardenctl audit verify"};
  if (report->lost != 0) part.finding.detail += fmt::format(", {} decisions could not be logged", report->lost);
  return part;
}

// What the host lacks for what containers are promised; the doctor tells the rest.
Part features(const Options& options, const Facts& machine) {
  constexpr std::string_view asked_for[] = {"runtime", "user-namespaces", "id-ranges",      "idmapped-mounts",
                                            "seccomp", "cgroups",         "security-module"};
  std::vector<std::string> missing, weak;
  for (const std::string_view id : asked_for) {
    const Finding finding = asked(id, options, machine);
    if (finding.health == Health::bad) missing.emplace_back(id);
    if (finding.health == Health::note) weak.emplace_back(id);
  }
  const std::string detail = missing.empty() && weak.empty() ? "has all that containers are promised"
                             : missing.empty()               ? "could do better: " + join(weak, ", ")
                                                             : "lacks " + join(missing, ", ");
  return {"host",
          {worst(!missing.empty(), weak.empty() ? Health::good : Health::note), detail,
           missing.empty() && weak.empty() ? "" : "`hardenctl doctor` tells why, and how to mend it"},
          {{"missing", missing}, {"weak", weak}}};
}

std::vector<Part> look(const Options& options) {
  Facts machine;
  static_cast<void>(host::read_machine(machine));  // what cannot be told is shown as lacking
  return {docker(options, machine), policy(options), containers(), audit_log(options), features(options, machine)};
}

void tell(const std::vector<Part>& parts) {
  Table table({"WHAT", "", "FOUND"});
  for (const Part& part : parts) {
    table.add({part.name, words[static_cast<int>(part.finding.health)], part.finding.detail});
    if (!part.finding.remedy.empty()) table.add({"", "", "  " + part.finding.remedy});
  }
  table.print();
}

Json described(const std::vector<Part>& parts) {
  Json document = Json::object();
  for (const Part& part : parts) {
    Json data = part.data;
    data["health"] = words[static_cast<int>(part.finding.health)];
    data["detail"] = part.finding.detail;
    data["remedy"] = part.finding.remedy;
    document[part.name] = std::move(data);
  }
  return document;
}

Result<int> status(const Options& options) {
  const std::vector<Part> parts = look(options);
  if (options.json) {
    print(described(parts));
  } else {
    tell(parts);
  }
  const bool ill =
      std::any_of(parts.begin(), parts.end(), [](const Part& part) { return part.finding.health == Health::bad; });
  return ill ? flawed : fine;
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add(app, "status", "Engines, policy, containers, audit log, host: one line each; ends with 1 on a FAIL",
          "  hardenctl status\n"
          "  hardenctl status --json | jq '.containers.outside | length'\n"
          "  hardenctl status >/dev/null || mail -s \"look at $(hostname)\" root </dev/null\n");
  add_places(command, options->places);
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, &action] { action = [options] { return status(*options); }; });
}

}  // namespace hardened::ctl
