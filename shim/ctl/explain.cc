// hardenctl explain: what was or would be changed in a container's spec, and why. What was comes from the audit record
// of its create; what would be is judged by the very code a create runs (runtime/judge.h).
#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "audit/record.h"
#include "controls/engine.h"
#include "ctl/command.h"
#include "ctl/containers.h"
#include "ctl/difference.h"
#include "ctl/explanation.h"
#include "ctl/export.h"
#include "ctl/output.h"
#include "ctl/profile.h"
#include "ctl/records.h"
#include "oci/bundle.h"
#include "runtime/judge.h"
#include "runtime/report.h"
#include "state/store.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

struct Options {
  std::vector<std::string> what;
  LogFiles files;
  policy::Locations locations;
  std::string program = "hardened-runtime";
  std::string profile, id, runtime_root;
  bool difference = false;
  bool json = false;
};

// A spec that would be judged: where it is, and for whom.
struct Subject {
  std::string bundle, id, runtime_root;
};

struct Judged {
  Json record;
  Json before, after;  // the spec; the same where it is refused
};

Result<std::optional<Profile>> chosen_profile(const Options& options) {
  if (options.profile.empty()) return std::nullopt;
  TRY(loaded, load_profile(options.profile, options.locations));
  return std::optional(std::move(loaded.profile));
}

Result<Judged> judge(const Subject& subject, const Options& options) {
  std::vector<const char*> words{options.program.c_str()};
  if (!subject.runtime_root.empty()) words.insert(words.end(), {"--root", subject.runtime_root.c_str()});
  words.insert(words.end(), {"create", "--bundle", subject.bundle.c_str(), subject.id.c_str()});
  const runtime::Invocation invocation = runtime::parse(words);
  if (invocation.error) return tl::unexpected(*invocation.error);
  TRY(profile, chosen_profile(options));
  TRY(bundle, oci::Bundle::open(subject.bundle));
  const Json before = bundle.spec();
  runtime::Account account;
  account.record.operation = "create";
  account.record.container = subject.id;
  const runtime::Call call{invocation, words, options.program};
  auto judged = runtime::judge(call, bundle, {options.locations, profile, runtime::Ids::supposed}, account);
  if (!judged && judged.error().code != Code::refused) return tl::unexpected(std::move(judged).error());
  Judged result{{}, before, before};
  if (judged) {
    result.after = judged->judgement.spec.document();
    account.record.verdict = audit::Verdict::allowed;
    const Status noted = runtime::note(account, judged->judgement, judged->policy);
    if (!noted) account.record.message = runtime::user_message(noted.error());
  } else {
    account.record.message = runtime::user_message(judged.error());
  }
  if (!account.record.message.empty()) {
    account.record.verdict = audit::Verdict::refused;
    result.after = before;
  }
  result.record = audit::describe(account.record);
  return result;
}

int status_of(const Json& explanation) {
  return text(explanation, "verdict") == "allowed" ? fine : flawed;
}

void print_lines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) print_line(line);
}

std::string spec_text(const Json& spec) {
  return json_text(without_secrets(spec), 2) + "\n";
}

Result<int> explain_spec(const Subject& subject, const Options& options) {
  TRY(judged, judge(subject, options));
  Json document = explanation(judged.record);
  document["source"] = "judged now";
  document["name"] = docker_name(subject.id);
  const std::string changed = difference(subject.bundle + "/config.json", spec_text(judged.before),
                                         "what the runtime would get", spec_text(judged.after));
  if (options.json) {
    if (options.difference) document["diff"] = changed;
    print(document);
  } else if (options.difference) {
    print_text(changed);
  } else {
    print_lines(told(document));
    print_line("\nJudged now; at create, host ids are chosen and mounts get sources and a root of their own as well.");
  }
  return status_of(document);
}

// What the log tells of one container.
struct History {
  Json create;                               // the last one
  std::map<std::string, std::size_t> since;  // later calls, by what they were and became: "exec allowed"
};

using Histories = std::map<std::string, History>;

void note(Histories& histories, Json record) {
  History& history = histories[text(record, "container")];
  const std::string operation = text(record, "operation");
  if (operation == "exec" || operation == "update") {
    ++history.since[fmt::format("{} {}", operation, text(record, "verdict"))];
    return;
  }
  history.create = std::move(record);
  history.since.clear();
}

Result<int> explain_record(const History& history, const Options& options) {
  Json document = explanation(history.create);
  document["source"] = "audit log";
  document["name"] = docker_name(text(history.create, "container"));
  document["since"] = history.since;
  if (options.json) {
    if (options.difference) document["diff"] = join(changes(document), "\n");
    print(document);
    return status_of(document);
  }
  if (options.difference) {
    print_lines(changes(document));
    return status_of(document);
  }
  print_lines(told(document));
  for (const auto& [call, count] : history.since) print_line(fmt::format("since then: {} {}", count, printable(call)));
  return status_of(document);
}

Error ambiguous(const std::string& what, const std::set<std::string>& ids) {
  constexpr std::size_t most = 5;
  std::vector<std::string> shown;
  for (const std::string& id : ids) {
    if (shown.size() < most) shown.push_back(in_quotes(id));
  }
  return {Code::usage,
          fmt::format("cannot tell which container {} is: {} ids begin so: {}{}", in_quotes(what), ids.size(),
                      join(shown, ", "), ids.size() > most ? " …" : ""),
          "give more of its id"};
}

// Of the containers called `what` the first that is known of, or else the one whose id begins so.
Result<std::string> choose(const std::string& what, const std::vector<std::string>& named,
                           const std::set<std::string>& known) {
  for (const std::string& id : named) {
    if (known.contains(id)) return id;
  }
  if (known.contains(what)) return what;
  std::set<std::string> matching;
  for (const std::string& id : known) {
    if (!what.empty() && id.starts_with(what)) matching.insert(id);
  }
  if (matching.size() > 1) return tl::unexpected(ambiguous(what, matching));
  if (matching.size() == 1) return *matching.begin();
  return fail(Code::usage, "cannot find the container " + in_quotes(what),
              "give the beginning of its id, its name in Docker, or the directory of a bundle with a '/' in it; for a "
              "container whose record was rotated away, the log with --older");
}

Result<int> explain_container(const Options& options) {
  const std::string& what = options.what.front();
  const std::vector<std::string> named = docker_ids(what);
  const auto is_meant = [&](const std::string& id) {
    return id.starts_with(what) || std::find(named.begin(), named.end(), id) != named.end();
  };
  TRY(grants, state::list());
  std::set<std::string> known;
  for (const state::Grant& grant : grants) known.insert(grant.id);
  std::map<std::string, Stranger> others;
  for (const Stranger& stranger : strangers(grants)) others[stranger.id] = stranger;
  for (const auto& [id, stranger] : others) known.insert(id);
  Histories histories;
  const auto unreadable = read_records(options.files, [&](Json record) {
    if (is_meant(text(record, "container"))) note(histories, std::move(record));
  });
  // Before the first container there is no log.
  const bool none_yet = options.files.older.empty() && ::access(options.files.log.c_str(), F_OK) != 0;
  if (!unreadable && !none_yet) return tl::unexpected(unreadable.error());
  if (unreadable) complain_of_lines(*unreadable);
  for (const auto& [id, history] : histories) known.insert(id);
  TRY(id, choose(what, named, known));
  const auto history = histories.find(id);
  if (others.contains(id) && !others[id].bundle.empty())
    return explain_spec({others[id].bundle, id, others[id].runtime_root}, options);
  if (history != histories.end() && !history->second.create.is_null()) return explain_record(history->second, options);
  return fail(Code::usage,
              fmt::format("cannot find the record of the create of {} in {}", in_quotes(id), options.files.log),
              "name the rotated log that holds it with --older");
}

std::string absolute(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr), &::free);
  return resolved == nullptr ? path : resolved.get();
}

Result<int> explain(const Options& options) {
  if (options.what.size() > 1)
    return fail(
        Code::usage,
        "cannot explain a command: an engine makes the spec only when it starts the container, and what it "
        "would put there cannot be told from its arguments",
        "run it with --runtime=hardened, under \"mode\": \"audit\" if nothing may be refused, and explain it by "
        "its name; where it is refused nothing of it has run");
  const std::string& what = options.what.front();
  if (what.find('/') == std::string::npos && what != "." && what != "..") return explain_container(options);
  const std::string bundle = absolute(what);
  return explain_spec(
      {bundle, options.id.empty() ? bundle.substr(bundle.rfind('/') + 1) : options.id, options.runtime_root}, options);
}

}  // namespace

void add_explain(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add(app, "explain", "What was or would be changed in a container, and why; ends with 1 if refused",
          "  hardenctl explain web                                  # by its name in Docker, or its id\n"
          "  hardenctl explain 3f2a --diff\n"
          "  hardenctl explain ./bundle --profile nginx             # a dry run: nothing is made or kept\n"
          "  hardenctl explain 3f2a --json | jq '.controls[] | {id, findings}'\n"
          "A container of ours is told by the record of its create; one that runs without us, and a\n"
          "bundle (a directory with config.json), is judged as a create would judge it now.\n");
  command.add_option("container", options->what, "A container or the directory of a bundle, with a '/' in it")
      ->required()
      ->type_name("CONTAINER|BUNDLE");
  command.add_flag("--diff", options->difference, "The spec before and after, or of a record the places that changed");
  add_log_files(command, options->files);
  command.get_option("--older")->allow_extra_args(false);  // the next word may be the container
  command.add_option("--policy", options->locations.policy_file, "Judge by this policy")
      ->capture_default_str()
      ->type_name("FILE");
  command.add_option("--profiles", options->locations.site_profiles, "The site's profiles")
      ->capture_default_str()
      ->type_name("DIRECTORY");
  command.add_option("--profile", options->profile, "Judge by this profile, whatever the policy selects")
      ->type_name("NAME|FILE");
  command.add_option("--program", options->program, "The name the runtime is called by")->capture_default_str();
  command.add_option("--id", options->id, "The container's id (default: the name of the bundle's directory)");
  command
      .add_option("--runtime-root", options->runtime_root,
                  "The --root that the engine calls its runtime with, by which it is known")
      ->type_name("DIRECTORY");
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, &action] { action = [options] { return explain(*options); }; });
}

}  // namespace hardened::ctl
