// hardenctl install and uninstall for the engines that read TOML: a file of ours among the engine's drop-ins, or, where
// it has none that keep the rest, lines of ours between marks. Both say themselves what they replaced.
#include "ctl/install_engines.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>

#include "ctl/command.h"
#include "ctl/config_file.h"
#include "ctl/dockerd.h"
#include "ctl/handlers.h"
#include "ctl/output.h"
#include "util/child.h"
#include "util/paths.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  std::string config;
  bool as_default = false;
  bool training = false;
  bool dry_run = false;
};

using Handlers = std::vector<Handler>;
using After = Result<std::optional<std::string>>;  // nothing: the file goes

struct EngineRow {
  const char* name;
  const char* config;  // where it lies unless --config says otherwise
  const char* config_help;
  const char* description;
  const char* taken_out;  // the same of uninstall
  After (*with)(const ConfigFile&, const Handlers&, bool as_default);
  After (*without)(const ConfigFile&);
  Status (*validate)(const std::string& text, const Handlers&);
  const char* effect;  // when the engine reads it
};

// A drop-in says only what is ours, so what it says decides nothing but our own runtimes; but somebody else's file is
// not replaced.
Status refuse_foreign(const ConfigFile& config) {
  if (!config.text || is_our_drop_in(*config.text)) return {};
  return fail(Code::policy, fmt::format("cannot replace {}: it was not written by hardenctl", config.path),
              "name another file of that directory: --config FILE");
}

// The default that an earlier install made stays the default.
constexpr std::string_view our_default = "runtime = \"hardened\"\n";

template <std::string (*write)(const Handlers&, bool)>
After with_drop_in(const ConfigFile& config, const Handlers& handlers, bool as_default) {
  TRY_DO(refuse_foreign(config));
  return write(handlers, as_default || config.text.value_or("").find(our_default) != std::string::npos);
}

After without_drop_in(const ConfigFile& config) {
  TRY_DO(refuse_foreign(config));
  return std::nullopt;
}

// The first of `places` that is there, with the text as its configuration; nothing when there is none.
Result<std::optional<ChildEnd>> dump_by_containerd(const std::string& text) {
  constexpr const char* places[] = {"/usr/bin/containerd", "/usr/local/bin/containerd"};
  for (const char* place : places) {
    if (::access(place, X_OK) != 0) continue;
    TRY(input, memory_file(text));
    TRY(end, run_child(place, {"--config", "/dev/stdin", "config", "dump"}, input.get(),
                       {std::chrono::seconds(30), largest_config, true}));
    return end;
  }
  return std::nullopt;
}

After with_lines(const ConfigFile& config, const Handlers& handlers, bool as_default) {
  TRY(present, dump_by_containerd(config.text.value_or("")));
  const DumpedDefault dumped = present ? dumped_default(present->output) : DumpedDefault{};
  TRY(after, with_handlers(config.text, config.path, handlers, as_default, dumped.systemd_cgroup));
  return after;
}

After without_lines(const ConfigFile& config) {
  TRY(after, without_handlers(*config.text, config.path));
  // The file was ours alone.
  if (after.empty()) return std::nullopt;
  return after;
}

// Not only that containerd would start: also that it understood the handlers as they were meant.
Status validate_containerd(const std::string& text, const Handlers& handlers) {
  TRY(end, dump_by_containerd(text));
  if (!end) return {};
  if (end->status != 0)
    return fail(Code::syntax,
                fmt::format("cannot use the new configuration: containerd says {}", in_quotes(end->output)),
                "register the handlers by hand where the CRI plugin's tables stand on one line");
  for (const Handler& handler : handlers) {
    if (dumped_program(end->output, handler.name) != handler.path)
      return fail(Code::syntax, fmt::format("cannot use the new configuration: containerd does not see the handler {}",
                                            in_quotes(handler.name)));
  }
  // The plugin would not start, which containerd says in its log only.
  const std::string runtime = dumped_default(end->output).runtime;
  if (!runtime.empty() && !dumped_handler(end->output, runtime))
    return fail(
        Code::syntax,
        fmt::format("cannot use the new configuration: default_runtime_name is {}, and there is no such handler",
                    in_quotes(runtime)));
  return {};
}

Status nothing_to_validate(const std::string&, const Handlers&) {
  return {};
}

constexpr EngineRow engines[] = {
    {"podman", "/etc/containers/containers.conf.d/50-hardened.conf", "a file of containers.conf.d, of our own",
     "With Podman, by a file of our own in containers.conf.d", "Takes our file out of containers.conf.d",
     with_drop_in<podman_drop_in>, without_drop_in, nothing_to_validate, "Podman reads it with each command"},
    {"containerd", "/etc/containerd/config.toml", "containerd's configuration",
     "With containerd's CRI plugin (Kubernetes), by lines in its config.toml, which keeps all else it says",
     "Takes our lines out of containerd's config.toml, which is then as it was before", with_lines, without_lines,
     validate_containerd,
     "containerd reads it when it is restarted, and containers go on: systemctl restart containerd"},
    {"crio", "/etc/crio/crio.conf.d/50-hardened.conf", "a file of crio.conf.d, of our own",
     "With CRI-O (Kubernetes), by a file of our own in crio.conf.d", "Takes our file out of crio.conf.d",
     with_drop_in<crio_drop_in>, without_drop_in, nothing_to_validate,
     "CRI-O reads it when it is restarted, and containers go on: systemctl restart crio"},
};

// The first is the one that --default makes the default.
Result<Handlers> our_handlers(bool training) {
  Handlers handlers;
  for (const char* name : {"hardened", "hardened-compat", "hardened-train"})
    handlers.push_back({name, fmt::format("{}/{}", paths::programs, name)});
  handlers.front().path += "-runtime";
  if (!training) handlers.pop_back();
  for (const Handler& handler : handlers) {
    if (::access(handler.path.c_str(), X_OK) != 0)
      return fail_errno(fmt::format("cannot register {}: cannot run {}", in_quotes(handler.name), handler.path), errno);
  }
  return handlers;
}

Result<int> change(const ConfigFile& config, const std::optional<std::string>& after, const EngineRow& engine,
                   bool dry_run) {
  if (after == config.text) {
    print_line(config.path + ": nothing to do");
    return fine;
  }
  show_difference(config, after.value_or(""));
  if (dry_run) return fine;
  TRY_DO(replace(config, after));
  print_line(engine.effect);
  return fine;
}

Result<int> install(const EngineRow& engine, const Options& options) {
  TRY(config, open_config(options.config, options.dry_run ? MissingDirectory::leave : MissingDirectory::make));
  const bool trains = config.text.value_or("").find("/hardened-train\"") != std::string::npos;
  TRY(handlers, our_handlers(options.training || trains));
  TRY(after, engine.with(config, handlers, options.as_default));
  TRY_DO(engine.validate(*after, handlers));
  return change(config, after, engine, options.dry_run);
}

Result<int> uninstall(const EngineRow& engine, const Options& options) {
  TRY(config, open_config(options.config, MissingDirectory::leave));
  if (!config.text) {
    print_line(config.path + ": not there, nothing to do");
    return fine;
  }
  TRY(after, engine.without(config));
  if (after) TRY_DO(engine.validate(*after, {}));
  return change(config, after, engine, options.dry_run);
}

void add_engine(CLI::App& group, const EngineRow& engine, bool installs, Action& action) {
  const auto options = std::make_shared<Options>();
  options->config = engine.config;
  const std::string examples =
      installs ? fmt::format("  hardenctl install {0} --dry-run\n  hardenctl install {0} --default\n", engine.name)
               : fmt::format("  hardenctl uninstall {}\n", engine.name);
  CLI::App& command = add(group, engine.name, installs ? engine.description : engine.taken_out, examples.c_str());
  command.add_option("--config", options->config, engine.config_help)->capture_default_str()->type_name("FILE");
  command.add_flag("--dry-run", options->dry_run, "Show what would change, and change nothing");
  if (installs) {
    command.add_flag("--training", options->training, "Also hardened-train: where images are tested");
    command.add_flag("--default", options->as_default, "Make \"hardened\" what containers get that name no runtime");
  }
  const auto act = installs ? install : uninstall;
  command.callback(
      [options, &engine, &action, act] { action = [options, &engine, act] { return act(engine, *options); }; });
}

}  // namespace

void add_engines(CLI::App& group, EngineVerb verb, Action& action) {
  for (const EngineRow& engine : engines) add_engine(group, engine, verb == EngineVerb::install, action);
}

}  // namespace hardened::ctl
