#include "controls/seccomp_filter_model.h"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <span>
#include <utility>

namespace hardened::controls {
namespace {

const Json* member(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

std::string_view text(const Json& object, const char* name) {
  const Json* value = member(object, name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_ref<const std::string&>()) : "";
}

// Nothing for a negative or fractional number: no runtime would load it.
std::optional<std::uint64_t> number(const Json& object, const char* name, std::uint64_t absent) {
  const Json* value = member(object, name);
  if (value == nullptr) return absent;
  if (value->is_number_unsigned()) return value->get<std::uint64_t>();
  if (value->is_number_integer() && value->get<std::int64_t>() >= 0) return value->get<std::uint64_t>();
  return std::nullopt;
}

const Json& list(const Json& object, const char* name) {
  static const Json nothing = Json::array();
  const Json* value = member(object, name);
  return value != nullptr && value->is_array() ? *value : nothing;
}

struct ActionName {
  std::string_view name;
  Action action;
};
constexpr ActionName action_names[] = {{"SCMP_ACT_ALLOW", Action::allow},
                                       {"SCMP_ACT_ERRNO", Action::error},
                                       {"SCMP_ACT_TRAP", Action::trap},
                                       {"SCMP_ACT_KILL_THREAD", Action::kill_thread},
                                       {"SCMP_ACT_KILL_PROCESS", Action::kill_process},
                                       {"SCMP_ACT_KILL", Action::kill_thread},
                                       {"SCMP_ACT_LOG", Action::allow}};

Answer answer_of(std::string_view name, const Json& object, const char* errno_member, int denied) {
  for (const ActionName& row : action_names) {
    if (row.name != name) continue;
    if (row.action != Action::error) return {row.action, 0};
    // libseccomp keeps 16 bits of an errno; 0 would be success without the call being made, which is the engine's word.
    const std::optional<std::uint64_t> error = number(object, errno_member, EPERM);
    return {Action::error, error && *error <= 0xffff ? static_cast<int>(*error) : denied};
  }
  return {Action::error, denied};
}

// Who kills a thread kills its process: the other threads of a runtime's init (Go) would wait for it for ever, with a
// container that cannot be removed, and runc 1.1 cannot stop one whose first thread alone has ended.
Answer whole(Answer answer) {
  if (answer.action == Action::kill_thread) answer.action = Action::kill_process;
  return answer;
}

std::string_view action_name(Action action) {
  const auto* found = std::find_if(std::begin(action_names), std::end(action_names),
                                   [action](const ActionName& row) { return row.action == action; });
  return found->name;
}

std::optional<Clause> condition_of(const Json& argument) {
  const std::optional<std::uint64_t> index = number(argument, "index", 0);
  const std::optional<std::uint64_t> value = number(argument, "value", 0);
  const std::optional<std::uint64_t> value_two = number(argument, "valueTwo", 0);
  if (!index || *index > 5 || !value || !value_two) return std::nullopt;
  return clause_from_oci(static_cast<unsigned>(*index), text(argument, "op"), *value, *value_two);
}

bool repeats_an_argument(const Json& arguments) {
  std::set<std::uint64_t> seen;
  return std::any_of(arguments.begin(), arguments.end(), [&seen](const Json& argument) {
    const std::optional<std::uint64_t> index = number(argument, "index", 0);
    return index && !seen.insert(*index).second;
  });
}

// The clauses of one rule. Two conditions on one argument do not both have to hold: runc and crun then make one rule of
// each condition, so any one is enough (runc libcontainer/seccomp/seccomp_linux.go matchCall, crun
// src/libcrun/seccomp.c). Nothing where a condition is no valid one.
std::optional<std::vector<Clause>> clauses_of(const Json& arguments) {
  const bool any_is_enough = repeats_an_argument(arguments);
  std::vector<Clause> clauses;
  Clause all;
  for (const Json& argument : arguments) {
    const std::optional<Clause> condition = condition_of(argument);
    if (!condition) return std::nullopt;
    if (any_is_enough) clauses.push_back(*condition);
    all.insert(all.end(), condition->begin(), condition->end());
  }
  std::sort(all.begin(), all.end());
  if (!any_is_enough) clauses.push_back(std::move(all));
  return clauses;
}

void add_rule(CallRule& call, const std::optional<std::vector<Clause>>& clauses, const Answer& answer) {
  if (answer.action == Action::allow) {
    if (!clauses) return;
    for (const Clause& clause : *clauses) absorb(call.allow, clause);
  } else if (!clauses) {
    call.deny.push_back({{}, answer});
  } else {
    for (const Clause& clause : *clauses) call.deny.push_back({clause, answer});
  }
}

// What one entry of "syscalls" says about each of its names.
struct Entry {
  Answer answer;
  std::optional<std::vector<Clause>> clauses;
};

SharedRule rule_of(std::span<const std::pair<std::string_view, const Entry*>> said, const Answer& fallback) {
  CallRule call;
  for (const auto& [name, entry] : said) add_rule(call, entry->clauses, entry->answer);
  if (fallback.action == Action::allow) call.allow = {Clause{}};
  return is_always_allowed(call) ? always_allowed() : settled(std::move(call));
}

// An object with room for so many members: where its vector grows, all that is below the members is copied. Filled
// member by member, for an initializer list would copy, too.
Json object_of(std::size_t members) {
  Json object = Json::object();
  object.get_ref<Json::object_t&>().reserve(members);
  return object;
}

Json argument_json(const Condition& condition) {
  const bool is_mask = condition.comparison == Comparison::masked_equal && condition.mask != every_bit;
  Json argument = object_of(4);
  argument["index"] = condition.index;
  argument["value"] = is_mask ? condition.mask : condition.value;
  if (is_mask) argument["valueTwo"] = condition.value;
  switch (condition.comparison) {
    case Comparison::not_equal:
      argument["op"] = "SCMP_CMP_NE";
      break;
    case Comparison::at_least:
      argument["op"] = "SCMP_CMP_GE";
      break;
    case Comparison::at_most:
      argument["op"] = "SCMP_CMP_LE";
      break;
    case Comparison::masked_equal:
      argument["op"] = is_mask ? "SCMP_CMP_MASKED_EQ" : "SCMP_CMP_EQ";
      break;
  }
  return argument;
}

Json arguments_json(const Clause& clause) {
  Json arguments = Json::array();
  for (const Condition& condition : clause) arguments.push_back(argument_json(condition));
  return arguments;
}

Json rule_json(Json names, const Answer& answer, const Clause& clause) {
  Json rule = object_of(4);
  rule["names"] = std::move(names);
  rule["action"] = action_name(answer.action);
  if (answer.action == Action::error) rule["errnoRet"] = answer.error;
  if (!clause.empty()) rule["args"] = arguments_json(clause);
  return rule;
}

}  // namespace

const SharedRule& always_allowed() {
  static const SharedRule rule = std::make_shared<const CallRule>(CallRule{{Clause{}}, {}});
  return rule;
}

bool is_always_allowed(const CallRule& call) {
  return call.deny.empty() && call.allow.size() == 1 && call.allow.front().empty();
}

SharedRule settled(CallRule call) {
  std::sort(call.allow.begin(), call.allow.end());
  std::sort(call.deny.begin(), call.deny.end(), [](const Denial& a, const Denial& b) {
    return a.clause == b.clause ? b.answer < a.answer : a.clause < b.clause;
  });
  const auto same_clause = [](const Denial& a, const Denial& b) { return a.clause == b.clause; };
  call.deny.erase(std::unique(call.deny.begin(), call.deny.end(), same_clause), call.deny.end());
  if (!call.deny.empty() && call.deny.front().clause.empty()) call.deny.resize(1);
  if (call.allow.size() > CallRule::most_clauses || call.deny.size() > CallRule::most_clauses) call.allow.clear();
  if (call.deny.size() > CallRule::most_clauses) {
    const auto milder = [](const Denial& a, const Denial& b) { return a.answer < b.answer; };
    call.deny = {{{}, std::max_element(call.deny.begin(), call.deny.end(), milder)->answer}};
  }
  return std::make_shared<const CallRule>(std::move(call));
}

const CallRule* find_rule(const SyscallFilter& filter, std::string_view name) {
  const auto found = std::ranges::lower_bound(filter.calls, name, {},
                                              [](const NamedRule& call) -> std::string_view { return call.name; });
  return found == filter.calls.end() || found->name != name ? nullptr : found->rule.get();
}

std::vector<NamedRule> sorted(std::vector<NamedRule> calls) {
  // What comes is a few sorted lists, one after the other: to merge them is a tenth of sorting all.
  const auto by_name = [](const NamedRule& a, const NamedRule& b) { return a.name < b.name; };
  for (auto end = std::is_sorted_until(calls.begin(), calls.end(), by_name); end != calls.end();) {
    const auto next = std::is_sorted_until(end, calls.end(), by_name);
    std::inplace_merge(calls.begin(), end, next, by_name);
    end = next;
  }
  std::vector<NamedRule> result;
  result.reserve(calls.size());
  for (NamedRule& call : calls) {
    if (!result.empty() && result.back().name == call.name) {
      result.back() = std::move(call);
    } else {
      result.push_back(std::move(call));
    }
  }
  return result;
}

SyscallFilter read_filter(const Json& seccomp, int denied) {
  SyscallFilter filter;
  const Answer fallback = answer_of(text(seccomp, "defaultAction"), seccomp, "defaultErrnoRet", denied);
  filter.fallback = whole(fallback);
  const Json& rules = list(seccomp, "syscalls");
  std::vector<Entry> entries;
  entries.reserve(rules.size());
  std::vector<std::pair<std::string_view, const Entry*>> said;
  for (const Json& rule : rules) {
    const Answer answer = answer_of(text(rule, "action"), rule, "errnoRet", denied);
    // As the runtimes do: libseccomp has no rule for what happens anyway.
    if (answer == fallback) continue;
    // One kind of killing beside the other as fallback: both the same now, and without a rule of its own the call is
    // denied whatever its arguments are.
    const bool is_fallback = whole(answer) == filter.fallback;
    const Entry& entry =
        entries.emplace_back(Entry{whole(answer), is_fallback ? std::nullopt : clauses_of(list(rule, "args"))});
    for (const Json& name : list(rule, "names")) {
      if (name.is_string()) said.emplace_back(name.get_ref<const std::string&>(), &entry);
    }
  }
  std::stable_sort(said.begin(), said.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  filter.calls.reserve(said.size());
  for (auto at = said.begin(); at != said.end();) {
    const auto next = std::find_if(at, said.end(), [&](const auto& other) { return other.first != at->first; });
    filter.calls.push_back({std::string(at->first), rule_of({at, next}, filter.fallback)});
    at = next;
  }
  return filter;
}

Json write_filter(const SyscallFilter& filter, const std::vector<std::string>& architectures,
                  const std::vector<std::string>& flags) {
  const auto by_meaning = [](const CallRule* a, const CallRule* b) { return a != b && *a < *b; };
  std::map<const CallRule*, std::vector<std::string_view>, decltype(by_meaning)> alike(by_meaning);
  for (const NamedRule& call : filter.calls) alike[call.rule.get()].push_back(call.name);
  Json seccomp = object_of(5);
  seccomp["defaultAction"] = action_name(filter.fallback.action);
  if (filter.fallback.action == Action::error) seccomp["defaultErrnoRet"] = filter.fallback.error;
  if (!architectures.empty()) seccomp["architectures"] = architectures;
  seccomp["flags"] = flags;
  Json rules = Json::array();
  for (const auto& [call, calls] : alike) {
    for (const Clause& clause : call->allow) rules.push_back(rule_json(calls, {Action::allow, 0}, clause));
    for (const Denial& denial : call->deny) rules.push_back(rule_json(calls, denial.answer, denial.clause));
  }
  seccomp["syscalls"] = std::move(rules);
  return seccomp;
}

bool notifies(const Json& seccomp) {
  if (member(seccomp, "listenerPath") != nullptr || text(seccomp, "defaultAction") == "SCMP_ACT_NOTIFY") return true;
  const Json& rules = list(seccomp, "syscalls");
  return std::any_of(rules.begin(), rules.end(),
                     [](const Json& rule) { return text(rule, "action") == "SCMP_ACT_NOTIFY"; });
}

}  // namespace hardened::controls
