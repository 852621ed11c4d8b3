// hardenctl install and uninstall: our runtimes in the engine's configuration, and out of it again without a trace.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "ctl/command.h"
#include "ctl/config_file.h"
#include "ctl/docker_config.h"
#include "ctl/dockerd.h"
#include "ctl/install_engines.h"
#include "ctl/output.h"
#include "oci/strict_json.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/lock.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  std::string config = "/etc/docker/daemon.json";
  bool as_default = false;
  bool training = false;
  bool dry_run = false;
};

// The first is the one that --default makes the default.
std::vector<DockerRuntime> our_runtimes(bool training) {
  const auto runtime = [](const char* name, const char* program) {
    return DockerRuntime{name, fmt::format("{}/{}", paths::programs, program)};
  };
  std::vector<DockerRuntime> runtimes{runtime("hardened", "hardened-runtime"),
                                      runtime("hardened-compat", "hardened-compat")};
  if (training) runtimes.push_back(runtime("hardened-train", "hardened-train"));
  return runtimes;
}

Status check_programs(const std::vector<DockerRuntime>& runtimes) {
  for (const DockerRuntime& runtime : runtimes) {
    if (::access(runtime.path.c_str(), X_OK) != 0)
      return fail_errno(fmt::format("cannot register {}: cannot run {}", in_quotes(runtime.name), runtime.path), errno);
  }
  return {};
}

// What was there before us, so that uninstall can put it back.
struct Memory {
  bool exact = true;                       // nobody else has written since; `before` can be put back as it was
  std::optional<std::string> before;       // the whole file; nothing: there was none
  std::optional<std::string> old_default;  // "default-runtime"
  std::string written;                     // SHA-256 of what we wrote
};

std::string memory_name(const ConfigFile& config) {
  return fmt::format("docker-{}.json", sha256_hex(config.path).substr(0, 16));
}

Json or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json();
}

std::optional<std::string> or_nothing(const Json& value) {
  return value.is_string() ? std::optional(value.get<std::string>()) : std::nullopt;
}

// Nothing where there is none, or none that can be read: then uninstall takes out what is ours and no more.
std::optional<Memory> recall(const ConfigFile& config) {
  const std::string path = std::string(paths::installs) + "/" + memory_name(config);
  const auto text = read_trusted_file(AT_FDCWD, path, 2 * largest_config);
  const auto document = text ? oci::parse_strict(*text, path) : fail(Code::io, "");
  if (!document || !document->value.is_object()) return std::nullopt;
  const Json& value = document->value;
  Memory memory;
  memory.exact = value.value("exact", Json()) == true;
  memory.before = or_nothing(value.value("before", Json()));
  memory.old_default = or_nothing(value.value("default_runtime", Json()));
  memory.written = or_nothing(value.value("written", Json())).value_or("");
  return memory;
}

bool untouched(const Memory& memory, const ConfigFile& config) {
  return memory.exact && memory.written == sha256_hex(config.text.value_or(""));
}

// An earlier memory counts while what it is about is still there. One that was made by an install that was cut short
// says no more than the file itself; so does one whose runtimes somebody has taken out since.
Result<Memory> memory_of(const ConfigFile& config) {
  TRY(old_default, default_runtime(config.text, config.path));
  TRY(registered, registered_runtimes(config.text, config.path));
  const auto earlier = recall(config);
  if (!earlier || registered.empty() || (earlier->exact && earlier->before == config.text))
    return Memory{true, config.text, old_default, {}};
  if (untouched(*earlier, config)) return *earlier;
  const bool ours = old_default && std::find(registered.begin(), registered.end(), *old_default) != registered.end();
  return Memory{false, std::nullopt, ours ? earlier->old_default : old_default, {}};
}

Status remember(const ConfigFile& config, const std::string& written) {
  TRY(memory, memory_of(config));
  const Json document = {{"version", 1},
                         {"config", config.path},
                         {"exact", memory.exact},
                         {"before", or_null(memory.before)},
                         {"default_runtime", or_null(memory.old_default)},
                         {"written", sha256_hex(written)}};
  TRY_DO(make_directories(paths::installs));
  TRY(directory, open_trusted_directory(AT_FDCWD, paths::installs));
  TRY(file, AtomicFile::beside(directory.get(), memory_name(config)));
  TRY_DO(file.write(document.dump(2) + "\n"));
  TRY_DO(file.sync());
  return file.commit();
}

void forget(const ConfigFile& config) {
  ::unlink((std::string(paths::installs) + "/" + memory_name(config)).c_str());
}

// dockerd reads its runtimes again on SIGHUP; containers are left alone.
void reload(const std::vector<Dockerd>& daemons) {
  for (const Dockerd& daemon : daemons) {
    if (::kill(daemon.pid, SIGHUP) == 0) print_line(fmt::format("reloaded: dockerd (pid {})", daemon.pid));
  }
  if (daemons.empty()) print_line("no dockerd with this configuration runs; it holds from its next start");
}

Result<int> install(const Options& options) {
  const std::vector<DockerRuntime> runtimes = our_runtimes(options.training);
  TRY_DO(check_programs(runtimes));
  TRY(config, open_config(options.config, options.dry_run ? MissingDirectory::leave : MissingDirectory::make));
  TRY(after, with_runtimes(config.text, config.path, runtimes, options.as_default));
  if (config.text && after == *config.text) {
    print_line(config.path + ": nothing to do");
    return fine;
  }
  const std::vector<Dockerd> daemons = dockerds_of(config.path);
  std::vector<std::string> settings{"--add-runtime"};
  if (options.as_default) settings.emplace_back("--default-runtime");
  TRY_DO(check_options(daemons, settings));
  TRY_DO(validate(after));
  show_difference(config, after);
  if (options.dry_run) return fine;
  TRY_DO(remember(config, after));
  TRY_DO(replace(config, after));
  reload(daemons);
  return fine;
}

Result<int> uninstall(const Options& options) {
  TRY(config, open_config(options.config, MissingDirectory::leave));
  const std::optional<Memory> memory = recall(config);
  if (!config.text) {
    print_line(config.path + ": not there, nothing to do");
    return fine;
  }
  TRY(cleared,
      without_runtimes(*config.text, config.path, our_runtimes(true), memory ? memory->old_default : std::nullopt));
  if (cleared == *config.text) {
    if (!options.dry_run) forget(config);
    print_line(config.path + ": nothing to do");
    return fine;
  }
  const std::optional<std::string> after =
      memory && untouched(*memory, config) ? memory->before : std::optional(cleared);
  if (after) TRY_DO(validate(*after));
  show_difference(config, after.value_or(""));
  if (options.dry_run) return fine;
  TRY_DO(replace(config, after));
  forget(config);
  // What is gone from its configuration it keeps, whatever the signal.
  for (const Dockerd& daemon : dockerds_of(config.path))
    print_line(fmt::format("dockerd (pid {}) forgets our runtimes when it is restarted: systemctl restart docker",
                           daemon.pid));
  return fine;
}

void add_engine(CLI::App& group, const char* description, const char* examples, bool installs, Action& action,
                Result<int> (*act)(const Options&)) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add(group, "docker", description, examples);
  command.add_option("--config", options->config, "dockerd's configuration")->capture_default_str()->type_name("FILE");
  command.add_flag("--dry-run", options->dry_run, "Show what would change, and change nothing");
  if (installs) {
    command.add_flag("--training", options->training,
                     "Also hardened-train, which gives an image Docker's capabilities to learn what it uses: not where "
                     "others may choose it");
    command.add_flag("--default", options->as_default, "Make \"hardened\" what containers get that name no runtime");
  }
  command.callback([options, &action, act] { action = [options, act] { return act(*options); }; });
}

}  // namespace

void add_install(CLI::App& app, Action& action) {
  CLI::App& installing = *app.add_subcommand("install", "Register our runtimes with an engine");
  installing.require_subcommand(1);
  add_engine(installing, "With dockerd, by its daemon.json, which keeps all else it says",
             "  hardenctl install docker --dry-run\n"
             "  hardenctl install docker --default\n",
             true, action, install);
  add_engines(installing, EngineVerb::install, action);
  CLI::App& uninstalling = *app.add_subcommand("uninstall", "Take our runtimes out of an engine's configuration");
  uninstalling.require_subcommand(1);
  add_engine(uninstalling, "Out of dockerd's daemon.json, which is then as it was before",
             "  hardenctl uninstall docker\n", false, action, uninstall);
  add_engines(uninstalling, EngineVerb::uninstall, action);
}

}  // namespace hardened::ctl
