#include "runtime/invocation.h"

#include <optional>

#include "runtime/options.h"
#include "util/text.h"

namespace hardened::runtime {
namespace {

using Arguments = std::span<const char* const>;

std::string last_value(const std::vector<Flag>& flags, std::string_view name) {
  for (auto flag = flags.rbegin(); flag != flags.rend(); ++flag) {
    if (flag->name == name) return flag->value;
  }
  return "";
}

// "-", "--" and words are no flags. Go's flag package takes one dash or two for every name.
bool looks_like_flag(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && word != "--";
}

struct Spelling {
  std::string_view name;
  std::optional<std::string_view> value;  // behind "="
};

Spelling spelling_of(std::string_view word) {
  word.remove_prefix(word.substr(0, 2) == "--" ? 2 : 1);
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return {word, std::nullopt};
  return {word.substr(0, equals), word.substr(equals + 1)};
}

struct Taken {
  Flag flag;
  bool missing_value;
};

// Reads the known flag at `index` and moves `index` behind it.
Taken take(Arguments arguments, std::size_t& index, const Option& option, const Spelling& spelling) {
  const std::size_t at = index++;
  if (spelling.value) return {{option.name, std::string(*spelling.value), at}, false};
  if (option.arity != Arity::value) return {{option.name, "true", at}, false};
  if (index == arguments.size()) return {{option.name, "", at}, true};
  const std::size_t value_at = index++;
  return {{option.name, arguments[value_at], value_at}, false};
}

class Parser {
 public:
  explicit Parser(Arguments arguments) : arguments_(arguments) {}

  Invocation parse() {
    bool unknown_global = false;
    while (at_ < arguments_.size() && looks_like_flag(arguments_[at_])) {
      const Spelling spelling = spelling_of(arguments_[at_]);
      if (const Option* option = find_option(global_options(), spelling.name)) {
        result_.globals.push_back(take(arguments_, at_, *option, spelling).flag);
      } else {
        unknown_global = true;
        ++at_;
      }
    }
    if (unknown_global) {
      refuse_unless_harmless();
      return std::move(result_);
    }
    if (at_ < arguments_.size() && std::string_view(arguments_[at_]) == "--") ++at_;
    if (at_ == arguments_.size()) return std::move(result_);
    result_.verb_at = at_;
    result_.verb_name = arguments_[at_++];
    for (const VerbTable& table : verb_tables()) {
      if (table.name != result_.verb_name) continue;
      parse_verb(table);
      return std::move(result_);
    }
    parse_pass_through();
    return std::move(result_);
  }

 private:
  // Which word is the verb depends on whether the unknown flag takes a value: harmless only if no word could be one of
  // the five.
  void refuse_unless_harmless() {
    for (const char* word : arguments_.subspan(1)) {
      for (const VerbTable& table : verb_tables()) {
        if (table.name != word) continue;
        result_.verb_name = word;
        refuse("an unknown flag stands before " + in_quotes(word), "use the global flags of runc or crun");
      }
    }
  }

  void refuse(const std::string& what, const std::string& hint) {
    result_.error = Error{Code::usage, "cannot understand the command line: " + what, hint};
  }

  void parse_verb(const VerbTable& table) {
    bool missing_value = false;
    std::string problem;
    while (at_ < arguments_.size()) {
      const std::string_view word = arguments_[at_];
      if (word == "--") {
        ++at_;
        break;
      }
      if (!looks_like_flag(word)) {
        result_.positionals.emplace_back(arguments_[at_++]);
        if (!table.flags_after_id) break;
        continue;
      }
      const Spelling spelling = spelling_of(word);
      const Option* option = find_option(table.options, spelling.name);
      if (option == nullptr || option->arity == Arity::forbidden) {
        if (problem.empty()) problem = word;
        ++at_;
        continue;
      }
      const std::size_t at = at_;
      const Taken taken = take(arguments_, at_, *option, spelling);
      missing_value = missing_value || taken.missing_value;
      if (taken.flag.value_at != at && moves_values(table) && looks_like_flag(taken.flag.value) && problem.empty())
        problem = std::string(word) + " " + taken.flag.value;
      result_.flags.push_back(taken.flag);
    }
    for (; at_ < arguments_.size(); ++at_) result_.positionals.emplace_back(arguments_[at_]);
    judge(table, problem, missing_value);
  }

  // runc sorts flags before the rest, and takes a value that begins with "-" for the rest: "create ID --bundle -x" is
  // container "-x" of bundle "ID" to it. An update goes on with arguments of our own.
  static bool moves_values(const VerbTable& table) { return table.flags_after_id && table.verb != Verb::update; }

  void judge(const VerbTable& table, const std::string& problem, bool missing_value) {
    const bool runs_nothing = result_.positionals.empty() || result_.flag("help") == "true";  // not --help=false
    if (problem.empty() && runs_nothing) return;
    result_.verb = table.verb;
    if (!problem.empty())
      refuse(in_quotes(problem) + " is not allowed with " + result_.verb_name, "leave the flag out");
    if (missing_value) refuse("the last flag lacks its value", "give it a value");
  }

  // A pass-through verb is handed on as it is; only its container id is of use (which runtime made it?), and to the
  // recorder its flags, as spelled. The id is the first word that is neither a flag nor a flag's
  // value; a wrong guess finds no grant and is harmless.
  void parse_pass_through() {
    while (at_ < arguments_.size()) {
      const std::string_view word = arguments_[at_];
      if (!looks_like_flag(word)) {
        if (word != "--") result_.positionals.emplace_back(word);
        ++at_;
        continue;
      }
      const Spelling spelling = spelling_of(word);
      const Option* option = find_option(pass_through_options(), spelling.name);
      result_.flags.push_back({spelling.name, std::string(spelling.value.value_or("true")), at_});
      at_ += option != nullptr && !spelling.value ? 2 : 1;
    }
  }

  Arguments arguments_;
  std::size_t at_ = 1;
  Invocation result_;
};

}  // namespace

std::string Invocation::global(std::string_view name) const {
  return last_value(globals, name);
}
std::string Invocation::flag(std::string_view name) const {
  return last_value(flags, name);
}

bool Invocation::has_flag(std::string_view name) const {
  for (const Flag& flag : flags) {
    if (flag.name == name) return true;
  }
  return false;
}

std::vector<std::string> Invocation::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const Flag& flag : flags) {
    if (flag.name == name) values.push_back(flag.value);
  }
  return values;
}

Invocation parse(std::span<const char* const> arguments) {
  return Parser(arguments).parse();
}

std::vector<std::string> with_flag_value(std::span<const char* const> arguments, const Invocation& invocation,
                                         std::string_view name, const std::string& value) {
  std::vector<std::string> result(arguments.begin(), arguments.end());
  for (const Flag& flag : invocation.flags) {
    if (flag.name != name) continue;
    std::string& word = result[flag.value_at];
    const std::size_t equals = word.find('=');
    // "--process=FILE" keeps its spelling; in "--process FILE" the whole word is the value, even if it holds a '='.
    const bool joined = looks_like_flag(word) && equals != std::string::npos && word.substr(equals + 1) == flag.value;
    word = joined ? word.substr(0, equals + 1) + value : value;
  }
  return result;
}

}  // namespace hardened::runtime
