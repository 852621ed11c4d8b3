// hardenctl verify: is every running container what it was granted, by the kernel's own account?
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <set>

#include "ctl/command.h"
#include "ctl/containers.h"
#include "ctl/output.h"
#include "ctl/profile.h"
#include "ctl/score_page.h"
#include "oci/spec.h"
#include "state/store.h"
#include "util/clock.h"
#include "util/text.h"
#include "verify/look.h"
#include "verify/scorecard.h"

namespace hardened::ctl {
namespace {

constexpr verify::Looks looks{5, std::chrono::milliseconds(200)};

struct Options {
  std::vector<std::string> containers;
  std::string page;  // empty: none
  bool all = false;
  bool score = false;
  bool force = false;
  bool json = false;
};

// Those of `ids` that `word` means: by its name in Docker, or, where no container is called so, by how it begins.
Result<std::set<std::string>> meant_by(const std::string& word, const std::set<std::string>& ids) {
  const std::vector<std::string> named = docker_ids(word);
  std::set<std::string> meant;
  for (const std::string& id : ids) {
    const bool is_named = std::find(named.begin(), named.end(), id) != named.end();
    if (is_named || (named.empty() && !word.empty() && id.starts_with(word))) meant.insert(id);
  }
  if (!meant.empty()) return meant;
  if (!named.empty())
    return fail(Code::usage, fmt::format("cannot verify the container {}: it is none of ours", in_quotes(word)),
                "without a name, verify lists what runs without us");
  return fail(Code::usage,
              fmt::format("cannot find the container {}: none of ours is called so, nor has an id that begins so",
                          in_quotes(word)),
              "docker ps shows names and ids; engines other than Docker go by the id alone");
}

// The ids of the containers to look at: all, where none is named.
Result<std::set<std::string>> chosen(const std::vector<std::string>& words, const std::vector<state::Grant>& grants) {
  std::set<std::string> ids;
  for (const state::Grant& grant : grants) ids.insert(grant.id);
  if (words.empty()) return ids;
  std::set<std::string> chosen;
  for (const std::string& word : words) {
    TRY(meant, meant_by(word, ids));
    chosen.merge(meant);
  }
  return chosen;
}

struct Verified {
  const state::Grant* grant;
  bool runs;  // a process of it was found
  std::vector<verify::Weakness> weaknesses;

  [[nodiscard]] std::string result() const {
    if (!weaknesses.empty()) return "WEAKER";
    return runs && grant->mode == policy::Mode::enforce ? "pass" : "note";
  }
  [[nodiscard]] std::string found() const {
    if (!runs) return "no process of it runs";
    if (grant->mode != policy::Mode::enforce) return "audit mode: nothing was promised";
    return weaknesses.empty() ? "nothing is weaker than granted" : "";
  }
};

// Nothing is known of a container that does not run.
std::vector<verify::Score> scores_of(const Verified& one) {
  return one.runs ? verify::scorecard(*one.grant, one.weaknesses) : std::vector<verify::Score>{};
}

std::string profile_of(const state::Grant& grant) {
  return Spec(grant.profile).text("/name").value_or("");
}

void print_scores(const std::vector<Verified>& all) {
  for (const Verified& one : all) {
    if (!one.runs) continue;
    print_line(fmt::format("\n{} {}", shortened(one.grant->id), printable(one.grant->image)));
    Table table({"", "ITEM", "WHAT IT ASKS", "WHY"});
    for (const verify::Score& score : scores_of(one))
      table.add({std::string(verify::mark_name(score.mark)), fmt::format("{} {}", score.document, score.item),
                 std::string(score.title), score.why});
    table.print();
  }
}

Json described(const std::vector<verify::Score>& scores) {
  Json list = Json::array();
  for (const verify::Score& score : scores)
    list.push_back({{"document", score.document},
                    {"item", score.item},
                    {"title", score.title},
                    {"result", verify::mark_name(score.mark)},
                    {"controls", score.controls},
                    {"why", score.why}});
  return list;
}

Status write_page(const Options& options, const std::vector<Verified>& all, const std::vector<std::string>& outside) {
  std::vector<ScoredContainer> containers;
  for (const Verified& one : all) {
    const state::Grant& grant = *one.grant;
    containers.push_back({grant.id, grant.image, grant.engine, profile_of(grant),
                          one.weaknesses.empty() ? one.found() : "the kernel enforces less than was granted",
                          !one.weaknesses.empty(), one.result() == "pass", one.weaknesses, scores_of(one)});
  }
  std::stable_partition(containers.begin(), containers.end(), [](const ScoredContainer& one) { return one.weaker; });
  std::array<char, HOST_NAME_MAX + 1> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) return fail_errno("cannot tell the host's name", errno);
  constexpr mode_t readable = 0644;
  return write_at_once(options.page, score_page(containers, outside, host.data(), utc_now()), readable, options.force);
}

void print_table(const std::vector<Verified>& all, const std::vector<std::string>& outside) {
  Table table({"CONTAINER", "IMAGE", "", "FOUND"});
  for (const Verified& one : all) {
    table.add({shortened(one.grant->id), one.grant->image, one.result(), one.found()});
    for (const verify::Weakness& weakness : one.weaknesses)
      table.add({"", "", "", fmt::format("{}: {}", weakness.control, weakness.message)});
  }
  for (const std::string& id : outside) table.add({shortened(id), "", "note", "runs without us"});
  table.print();
}

Json described(const std::vector<Verified>& all, const std::vector<std::string>& outside) {
  Json containers = Json::array();
  for (const Verified& one : all) {
    Json weaknesses = Json::array();
    for (const verify::Weakness& weakness : one.weaknesses)
      weaknesses.push_back({{"control", weakness.control}, {"message", weakness.message}});
    containers.push_back({{"container", one.grant->id},
                          {"engine", one.grant->engine},
                          {"image", one.grant->image},
                          {"promised", one.grant->mode == policy::Mode::enforce},
                          {"runs", one.runs},
                          {"weaknesses", weaknesses},
                          {"scorecard", described(scores_of(one))}});
  }
  return {{"containers", containers}, {"outside", outside}};
}

Result<int> verify_all(const Options& options) {
  TRY(grants, state::list());
  TRY(ids, chosen(options.containers, grants));
  std::vector<Verified> all;
  for (const state::Grant& grant : grants) {
    if (!ids.contains(grant.id)) continue;
    TRY(weaknesses, verify::look(grant, looks));
    all.push_back(
        {&grant, weaknesses.has_value(), weaknesses ? *std::move(weaknesses) : std::vector<verify::Weakness>{}});
  }
  std::vector<std::string> outside;
  if (options.containers.empty()) {
    for (const Stranger& stranger : strangers(grants)) outside.push_back(stranger.id);
  }
  if (options.json) {
    print(described(all, outside));
  } else {
    print_table(all, outside);
    if (options.score) print_scores(all);
  }
  if (!options.page.empty()) TRY_DO(write_page(options, all, outside));
  return std::any_of(all.begin(), all.end(), [](const Verified& one) { return !one.weaknesses.empty(); }) ? flawed
                                                                                                          : fine;
}

}  // namespace

void add_verify(CLI::App& app, Action& action) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add(app, "verify", "Is what runs what was granted, by the kernel's account? Ends with 1 if not",
                          "  hardenctl verify\n"
                          "  hardenctl verify web --score\n"
                          "  hardenctl verify --html containers.html\n"
                          "  hardenctl verify --json | jq '.containers[] | select(.weaknesses != [])'\n");
  CLI::Option* containers = command
                                .add_option("container", options->containers,
                                            "Only this one, by its name in Docker, or those whose id begins so")
                                ->type_name("CONTAINER");
  command.add_flag("--all", options->all, "Every container of ours: what it does without a CONTAINER")
      ->excludes(containers);
  command.add_flag("--score", options->score,
                   "Also hold each against the OWASP Docker Top 10 and CIS Docker section 5");
  command.add_option("--html", options->page, "Write that to this file, as a page for a browser")->type_name("FILE");
  command.add_flag("--force", options->force, "Replace the file of --html");
  command.add_flag("--json", options->json, "Print JSON");
  command.callback([options, &action] { action = [options] { return verify_all(*options); }; });
}

}  // namespace hardened::ctl
