// hardenctl profile verify: the canary. A command of docker or podman runs its container once more, recorded and with
// nothing denied that a profile learns; what the profile would have denied it is told.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <span>

#include "ctl/output.h"
#include "ctl/profile.h"
#include "ctl/training_logs.h"
#include "generate/merge.h"
#include "oci/spec.h"
#include "oci/strict_json.h"
#include "runtime/known_names.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t most_bytes = std::size_t{64} << 20;  // of one log
constexpr int most_rounds = 5;

struct Options {
  policy::Locations locations;
  std::string logs = paths::training;
  std::string base;
  std::vector<std::string> command;
  bool widen = false, incomplete = false, json = false;
};

// How an engine's command line names the runtime.
struct Engine {
  const char* program;
  bool before_verb;  // is it an option of the program, or of "run"?
  bool by_path;
};
constexpr Engine engines[] = {{"docker", false, false}, {"podman", true, true}};
constexpr char runtime[] = "hardened-train";

// The word "run" that is no value of an option before it.
std::vector<std::string>::const_iterator find_verb(const std::vector<std::string>& command) {
  constexpr std::string_view with_value[] = {
      "--config",    "--connection", "--context", "-c",        "--hooks-dir", "--host",    "-H",       "--identity",
      "--log-level", "-l",           "--root",    "--runroot", "--tlscacert", "--tlscert", "--tlskey", "--url"};
  for (auto word = command.begin() + 1; word != command.end(); ++word) {
    const bool is_value = std::find(std::begin(with_value), std::end(with_value), *(word - 1)) != std::end(with_value);
    if (*word == "run" && !is_value) return word;
  }
  return command.end();
}

Result<std::vector<std::string>> recorded_command(const std::vector<std::string>& command, const std::string& id_file) {
  const std::string program = command.front().substr(command.front().rfind('/') + 1);
  const auto* const engine = std::find_if(std::begin(engines), std::end(engines),
                                          [&program](const Engine& known) { return program == known.program; });
  if (engine == std::end(engines))
    return fail(Code::usage, "cannot verify with " + in_quotes(program), "give a command of docker or podman");
  const auto verb = find_verb(command);
  if (verb == command.end())
    return fail(Code::usage, "cannot verify with a command that runs no container", "give one like: docker run IMAGE");
  std::vector<std::string> changed(command.begin(), verb);
  const std::string option = "--runtime=" + (engine->by_path ? std::string(paths::programs) + "/" : "") + runtime;
  if (engine->before_verb) changed.push_back(option);
  changed.emplace_back("run");
  if (!engine->before_verb) changed.push_back(option);
  changed.push_back("--cidfile=" + id_file);
  changed.insert(changed.end(), verb + 1, command.end());
  return changed;
}

// What the terminal interrupts is the command; what it recorded until then is looked at.
class InterruptsIgnored {
 public:
  InterruptsIgnored() : old_(::signal(SIGINT, SIG_IGN)) {}
  InterruptsIgnored(const InterruptsIgnored&) = delete;
  InterruptsIgnored& operator=(const InterruptsIgnored&) = delete;
  ~InterruptsIgnored() { ::signal(SIGINT, old_); }

 private:
  sighandler_t old_;
};

// Runs it as a shell would, on our standard input, output and error; with `aside` its output goes to the error. Returns
// what it ended with: 128 and more is a signal.
Result<int> run(std::vector<std::string> command, bool aside) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (aside) posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  ::sigemptyset(&defaults);
  ::sigaddset(&defaults, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> argv;
  for (std::string& word : command) argv.push_back(word.data());
  argv.push_back(nullptr);
  const InterruptsIgnored ignored;
  pid_t child = -1;
  const int error = ::posix_spawnp(&child, argv.front(), &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return fail_errno("cannot run " + in_quotes(command.front()), error);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// A directory that is nobody else's, for the id file: the engines make that anew.
class Scratch {
 public:
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  Scratch(Scratch&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~Scratch() {
    std::error_code error;
    if (!path_.empty()) std::filesystem::remove_all(path_, error);
  }
  static Result<Scratch> make() {
    std::string path = "/tmp/hardenctl.XXXXXX";
    if (::mkdtemp(path.data()) == nullptr) return fail_errno("cannot make a directory below /tmp", errno);
    return Scratch(std::move(path));
  }
  [[nodiscard]] std::string id_file() const { return path_ + "/id"; }

 private:
  explicit Scratch(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// Runs the command, recorded. Returns the id of the container that it made.
Result<std::string> make_container(const Options& options) {
  TRY(scratch, Scratch::make());
  TRY(command, recorded_command(options.command, scratch.id_file()));
  TRY(status, run(std::move(command), options.json));
  constexpr std::size_t longest = 256;
  const auto id = read_named_file(scratch.id_file(), longest);
  if (!id || id->empty())
    return fail(Code::policy, "cannot verify: the command made no container, or told another --cidfile of it",
                "leave --cidfile and --runtime out of it; a container that it has left behind is not looked at");
  if (status != 0)
    complain({Code::policy, fmt::format("warning: the command ended with {}: did it do all its work?", status), {}});
  return id->substr(0, id->find('\n'));
}

// The runs that were of `container`, one for each of its lives.
Result<std::vector<std::string>> runs_in(const std::string& directory, const std::string& container) {
  std::vector<std::string> runs;
  if (::access(directory.c_str(), F_OK) != 0 && errno == ENOENT) return runs;
  TRY(files, training_files(directory));
  for (const std::string& file : files) {
    generate::Logs logs;
    if (const auto text = read_named_file(file, most_bytes)) generate::add_log(logs, file, *text);
    for (const generate::Run& run : logs.runs) {
      if (run.container == container) runs.push_back(run.run);
    }
  }
  return runs;
}

// Before anything is run: what would fail only afterwards.
Status check_able(const Options& options, const LoadedProfile& base) {
  if (options.widen && base.origin == "shipped")
    return fail(Code::usage, "cannot widen " + in_quotes(options.base) + ": it is shipped, and built in");
  if (::access(options.logs.c_str(), R_OK | X_OK) != 0 && errno != ENOENT)
    return fail_errno("cannot read the logs in " + in_quotes(options.logs), errno);
  return {};
}

// Is it recorded still (hooks/record/runs.h)?
bool is_recorded(const std::string& container) {
  const std::string directory = std::string(paths::state) + "/training";
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const auto text = read_named_file(entry.path(), most_bytes);
    const auto document = text ? oci::parse_strict(*text, entry.path()) : fail(Code::io, entry.path());
    if (document && oci::text(document->value, "/container") == container) return true;
  }
  return false;
}

void pause_shortly() {
  const timespec tenth{0, 100'000'000};
  ::nanosleep(&tenth, nullptr);
}

// Waits until the container has ended: its log is written before the recorder forgets it.
Result<std::vector<std::string>> runs_of(const std::string& container, const Options& options) {
  for (bool told = false; is_recorded(container); pause_shortly()) {
    if (!told) complain({Code::policy, "the container runs and is recorded; this goes on when it has ended", {}});
    told = true;
  }
  TRY(runs, runs_in(options.logs, container));
  if (!runs.empty()) return runs;
  return fail(Code::policy, "cannot verify: container " + in_quotes(container) + " was not recorded",
              std::string("if it began: leave --runtime out of the command; in the policy, {\"program\": \"") +
                  runtime + "\", \"profile\": \"train\"} comes first in \"select\"");
}

struct Verdict {
  std::vector<std::string> runs;                       // of all rounds
  std::vector<std::string> changes, denied, warnings;  // of the last
};

Status widen(const LoadedProfile& base, const generate::Merged& merged, const Options& options) {
  const std::string text = generate::rendered(merged.draft);
  TRY_DO(read_profile("the wider profile", text, options.locations));
  const std::string path =
      base.origin == "file" ? options.base : fmt::format("{}/{}.json", options.locations.site_profiles, options.base);
  return write_at_once(path, text, 0644, true);
}

Result<Verdict> judge(const Options& options) {
  Verdict verdict;
  for (int round = 1;; ++round) {
    TRY(base, load_profile(options.base, options.locations));
    TRY_DO(check_able(options, base));
    TRY(container, make_container(options));
    TRY(runs, runs_of(container, options));
    LogChoice choice;
    choice.directory = options.logs;
    choice.runs = runs;
    choice.demands.incomplete = options.incomplete;
    TRY(evidence, read_training(choice));
    const auto merged = generate::merge(base.document, base.profile, evidence, runtime::known_names());
    verdict.runs.insert(verdict.runs.end(), runs.begin(), runs.end());
    verdict.changes = merged.changes;
    verdict.denied = merged.denied;
    verdict.warnings = merged.draft.warnings;
    std::vector<std::string>& untold = options.incomplete ? verdict.warnings : verdict.denied;
    untold.insert(untold.end(), merged.untold.begin(), merged.untold.end());
    if (verdict.changes.empty() || !options.widen || round == most_rounds) return verdict;
    TRY_DO(widen(base, merged, options));
    for (const std::string& change : verdict.changes)
      complain({Code::policy, "widened: the profile now " + change, {}});
  }
}

Result<int> verify(const Options& options) {
  TRY(verdict, judge(options));
  const bool passes = verdict.changes.empty() && verdict.denied.empty();
  for (const std::string& warning : verdict.warnings) complain({Code::policy, "warning: " + warning, {}});
  if (options.json) {
    print({{"runs", verdict.runs},
           {"changes", verdict.changes},
           {"denied", verdict.denied},
           {"warnings", verdict.warnings}});
  } else {
    for (const std::string& change : verdict.changes)
      print_line(fmt::format("{} would have to be wider: it {}", options.base, change));
    for (const std::string& denied : verdict.denied)
      print_line(fmt::format("{} would deny, or may: {}", options.base, denied));
    if (passes) print_line(fmt::format("{} allows all that run {} did", options.base, verdict.runs.back()));
  }
  return passes ? fine : flawed;
}

}  // namespace

void add_profile_verify(CLI::App& group, Action& action) {
  CLI::App& command = add(
      group, "verify", "Run a container once with nothing denied, and tell what a profile would have denied it",
      "  hardenctl profile verify nginx -- docker run --rm nginx:1.25 nginx -t\n"
      "  hardenctl profile verify nginx --widen -- docker run --rm -d nginx:1.25   # until the container is stopped\n");
  const auto options = std::make_shared<Options>();
  add_profile_argument(command, options->base);
  command.add_option("command", options->command, "What runs the container, after --")
      ->required()
      ->type_name("COMMAND");
  command.add_flag(
      "--widen", options->widen,
      fmt::format("Widen the profile by what it lacks and run the command again, {} times at most", most_rounds));
  command.add_option("--logs", options->logs, "Where the recorder writes")
      ->capture_default_str()
      ->type_name("DIRECTORY");
  command.add_flag("--incomplete", options->incomplete,
                   "Also judge by a run that lost something, or that does not tell all");
  add_profile_options(command, options->locations, options->json);
  command.callback([options, &action] { action = [options] { return verify(*options); }; });
}

}  // namespace hardened::ctl
