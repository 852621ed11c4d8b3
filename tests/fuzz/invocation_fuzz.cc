// The command line, one word a line. Whatever the words are: none of the five verbs that can give rights is taken for
// another, as a reading of its own (below) of runc's and crun's rules tells; what is decided before the C library is
// there is what would have been decided; and putting our document into the place of the caller's leaves everything else
// as it was.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/early.h"
#include "runtime/invocation.h"
#include "state/key.h"
#include "util/paths.h"

namespace {

using namespace hardened;
using runtime::Flag;
using runtime::Invocation;
using runtime::Verb;

using Words = std::vector<std::string>;

constexpr std::string_view rightful[] = {"create", "run", "restore", "exec", "update"};
constexpr std::string_view switches[] = {"debug", "help", "h", "systemd-cgroup", "version", "v"};
constexpr std::string_view with_value[] = {"cgroup-manager", "criu", "log",     "log-format",
                                           "log-level",      "root", "rootless"};

void require(bool holds) {
  if (!holds) std::abort();
}

template <typename Table>
bool among(const Table& table, std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

std::vector<const char*> argv_of(const Words& words) {
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  return argv;
}

Words words_of(const std::uint8_t* data, std::size_t size) {
  Words words{"hardened-runtime"};
  std::string word;
  for (std::size_t i = 0; i < size; ++i) {
    if (data[i] == '\n' || data[i] == 0) {
      words.push_back(word);
      word.clear();
    } else {
      word += static_cast<char>(data[i]);
    }
  }
  if (!word.empty()) words.push_back(word);
  return words;
}

struct Reading {
  std::string verb;        // empty: none
  bool ambiguous = false;  // an unknown flag stands before it
};

Reading read_globals(const Words& words) {
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string_view word = words[i];
    if (word == "--") return {i + 1 < words.size() ? words[i + 1] : "", false};
    if (word.size() < 2 || word[0] != '-') return {words[i], false};
    const std::string_view name = word.substr(word[1] == '-' ? 2 : 1);
    const std::string_view key = name.substr(0, name.find('='));
    if (!among(switches, key) && !among(with_value, key)) return {"", true};
    if (among(with_value, key) && key == name) ++i;
  }
  return {};
}

bool is_rightful(const std::string& word) {
  return among(rightful, word);
}

// Nothing runs only where no container is named, or help is asked for.
void check_verb(const Words& words, const Invocation& invocation) {
  const Reading reading = read_globals(words);
  if (reading.ambiguous) {
    const bool possible = std::any_of(words.begin() + 1, words.end(), is_rightful);
    require(invocation.error.has_value() == possible);
  } else if (!is_rightful(reading.verb)) {
    require(invocation.verb == Verb::pass_through && !invocation.error && invocation.verb_name == reading.verb);
  } else {
    require(invocation.verb_name == reading.verb);
    if (invocation.verb == Verb::pass_through)
      require(invocation.positionals.empty() || invocation.flag("help") == "true");
  }
}

void check_flags(const Words& words, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags) {
    require(flag.value_at > 0 && flag.value_at < words.size());
    require(flag.value.empty() || flag.value == "true" || words[flag.value_at].ends_with(flag.value));
  }
}

// The runtime must read our document, wherever and however often the caller named his.
void check_replacement(const Words& words, const Invocation& invocation, std::string_view name) {
  const std::string document = "/proc/self/fd/1100";
  const Words replaced = runtime::with_flag_value(argv_of(words), invocation, name, document);
  require(replaced.size() == words.size());
  const Invocation again = runtime::parse(argv_of(replaced));
  require(again.verb == invocation.verb && !again.error && again.positionals == invocation.positionals);
  require(again.flags.size() == invocation.flags.size());
  for (std::size_t i = 0; i < again.flags.size(); ++i) {
    require(again.flags[i].name == invocation.flags[i].name);
    require(again.flags[i].value == (again.flags[i].name == name ? document : invocation.flags[i].value));
  }
}

void check_early(const Words& words, const Invocation& invocation) {
  char link[runtime::longest_link];
  if (!runtime::find_runtime_link(static_cast<int>(words.size()), argv_of(words).data(), paths::state, link)) return;
  require(invocation.verb == Verb::pass_through && !invocation.error);
  const std::string place = invocation.id().empty()
                                ? paths::state
                                : state::grant_directory(paths::state, invocation.global("root"), invocation.id());
  require(link == place + "/runtime");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Words words = words_of(data, size);
  const Invocation invocation = runtime::parse(argv_of(words));
  check_verb(words, invocation);
  check_early(words, invocation);
  check_flags(words, invocation.globals);
  check_flags(words, invocation.flags);
  if (invocation.error) return 0;
  if (invocation.verb != Verb::pass_through) require(!invocation.positionals.empty());
  if (invocation.verb == Verb::exec) check_replacement(words, invocation, "process");
  if (invocation.verb == Verb::update) check_replacement(words, invocation, "resources");
  return 0;
}
