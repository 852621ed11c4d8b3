#include "generate/training_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "policy/decode.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

using policy::Context;
using policy::into;
using policy::Member;
using policy::Node;

Status whole_number(const Node& node, std::uint64_t& number, const Context&) {
  if (!node.value().is_number_unsigned()) return node.cannot_use("a whole number from 0 on is needed");
  number = node.value().get<std::uint64_t>();
  return {};
}

template <auto decode, typename T>
Status optionally(const Node& node, std::optional<T>& value, const Context& context) {
  return decode(node, value.emplace(), context);
}

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
constexpr std::string_view small = "abcdefghijklmnopqrstuvwxyz0123456789_";
constexpr std::string_view digits = "0123456789";
constexpr std::string_view hexadecimal = "0123456789abcdef";

// "PREFIX" and at least one of `characters`.
bool is_name(std::string_view text, std::string_view prefix, std::string_view characters) {
  return text.starts_with(prefix) && consists_of(text.substr(prefix.size()), characters);
}

bool is_architecture(std::string_view text) {
  return is_name(text, "SCMP_ARCH_", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

bool is_digest(std::string_view text) {
  return text.size() == 71 && is_name(text, "sha256:", hexadecimal);
}

bool is_run(std::string_view text) {
  return text.size() == 32 && consists_of(text, hexadecimal);
}

bool is_capability(std::string_view text) {
  return is_name(text, "CAP_", capitals);
}

bool is_absolute(std::string_view text) {
  return text.starts_with('/');
}

bool is_version(const Json& value) {
  return value.is_number_unsigned() && value == 1;
}

// "2026-03-01T12:00:00.123Z"; in the form every 0 stands for a digit.
bool is_time(std::string_view text) {
  constexpr std::string_view form = "0000-00-00T00:00:00";
  if (text.size() <= form.size() || text.back() != 'Z') return false;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '0' ? digits.find(text[i]) == std::string_view::npos : text[i] != form[i]) return false;
  }
  const std::string_view fraction = text.substr(form.size(), text.size() - form.size() - 1);
  return fraction.empty() || (fraction.front() == '.' && consists_of(fraction.substr(1), digits));
}

// Text for which `is` holds.
template <bool (*is)(std::string_view)>
Status such(const Node& node, std::string& text, const Context& context) {
  TRY_DO(policy::any_text(node, text, context));
  if (!is(text)) return node.cannot_use("it has not the form that the schema asks for");
  return {};
}

Status version(const Node& node, Run&, const Context&) {
  if (!is_version(node.value())) return node.cannot_use("only version 1 is understood");
  return {};
}

Status phase(const Node& node, Phase& phase, const Context& context) {
  return policy::one_of(node, phase, phase_words, context);
}

Status phases(const Node& node, Phases& phases, const Context& context) {
  std::vector<Phase> list;
  TRY_DO(policy::decode_array(node, list, phase, context));
  phases.insert(list.begin(), list.end());
  if (phases.size() != list.size()) return node.cannot("name a phase twice");
  return {};
}

Status tier(const Node& node, std::string& text, const Context&) {
  constexpr std::string_view names[] = {"bpf", "audit", "import"};
  return policy::known_name(node, text, {}, names);
}

Status kind(const Node& node, WriteKind& kind, const Context& context) {
  constexpr policy::Choice<WriteKind> choices[] = {{"file", WriteKind::file},
                                                   {"directory", WriteKind::directory},
                                                   {"other", WriteKind::other},
                                                   {"removed", WriteKind::removed}};
  return policy::one_of(node, kind, choices, context);
}

Status calls(const Node& node, Calls& calls, const Context& context) {
  if (!node.value().is_object()) return node.cannot_use("an object is needed");
  for (const auto& [name, value] : node.value().items()) {
    const Node call = node.member(name, value);
    if (!consists_of(name, small)) return call.cannot("use " + in_quotes(name) + ": no name of a system call");
    TRY_DO(phases(call, calls[name], context));
  }
  return {};
}

Status syscalls(const Node& node, std::map<std::string, Calls>& by_architecture, const Context& context) {
  if (!node.value().is_object()) return node.cannot_use("an object is needed");
  for (const auto& [name, value] : node.value().items()) {
    const Node member = node.member(name, value);
    if (!is_architecture(name)) return member.cannot("use " + in_quotes(name) + ": no architecture");
    TRY_DO(calls(member, by_architecture[name], context));
  }
  return {};
}

// What an object of `node` lacks of `names`.
Status require(const Node& node, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    if (!node.value().contains(name)) return node.cannot(fmt::format("do without \"{}\"", name));
  }
  return {};
}

Status values(const Node& node, std::vector<std::uint64_t>& values, const Context& context) {
  return policy::decode_array(node, values, whole_number, context);
}

Status argument(const Node& node, ArgumentValues& argument, const Context& context) {
  static constexpr Member<ArgumentValues> members[] = {
      {"syscall", into<&ArgumentValues::syscall, policy::any_text>},
      {"index", into<&ArgumentValues::index, whole_number>},
      {"values", into<&ArgumentValues::values, optionally<values, std::vector<std::uint64_t>>>},
      {"any", into<&ArgumentValues::any, policy::boolean>}};
  constexpr std::string_view needed[] = {"syscall", "index"};
  TRY_DO(policy::decode_members(node, argument, members, context));
  TRY_DO(require(node, needed));
  if (argument.index > 5) return node.cannot("use an argument beyond the sixth");
  if (node.value().contains("any") && !argument.any) return node.cannot("use false as \"any\"");
  if (argument.any == argument.values.has_value()) return node.cannot("do without one of \"values\" and \"any\"");
  return {};
}

Status capability(const Node& node, CapabilityUse& use, const Context& context) {
  static constexpr Member<CapabilityUse> members[] = {
      {"capability", into<&CapabilityUse::capability, such<is_capability>>},
      {"syscall", into<&CapabilityUse::syscall, policy::any_text>},
      {"granted", into<&CapabilityUse::granted, policy::boolean>},
      {"count", into<&CapabilityUse::count, whole_number>}};
  constexpr std::string_view needed[] = {"capability", "syscall", "granted", "count"};
  TRY_DO(policy::decode_members(node, use, members, context));
  TRY_DO(require(node, needed));
  if (use.count == 0) return node.cannot("use 0 as \"count\"");
  return {};
}

Status write(const Node& node, Write& write, const Context& context) {
  static constexpr Member<Write> members[] = {{"path", into<&Write::path, such<is_absolute>>},
                                              {"kind", into<&Write::kind, kind>},
                                              {"bytes", into<&Write::bytes, whole_number>}};
  constexpr std::string_view needed[] = {"path", "kind"};
  TRY_DO(policy::decode_members(node, write, members, context));
  return require(node, needed);
}

Status peaks(const Node& node, Peaks& peaks, const Context& context) {
  static constexpr Member<Peaks> members[] = {
      {"memory", into<&Peaks::memory, optionally<whole_number, std::uint64_t>>},
      {"pids", into<&Peaks::pids, optionally<whole_number, std::uint64_t>>},
      {"cpu_ms", into<&Peaks::cpu_ms, optionally<whole_number, std::uint64_t>>}};
  return policy::decode_members(node, peaks, members, context);
}

template <auto decode, typename T>
Status list(const Node& node, std::vector<T>& items, const Context& context) {
  return policy::decode_array(node, items, static_cast<Status (*)(const Node&, T&, const Context&)>(decode), context);
}

Status capabilities(const Node& node, std::optional<std::vector<CapabilityUse>>& uses, const Context& context) {
  return list<capability, CapabilityUse>(node, uses.emplace(), context);
}

constexpr Member<Run> members[] = {{"version", version},
                                   {"run", into<&Run::run, such<is_run>>},
                                   {"container", into<&Run::container, policy::any_text>},
                                   {"image", into<&Run::image, policy::any_text>},
                                   {"image_digest", into<&Run::image_digest, such<is_digest>>},
                                   {"engine", into<&Run::engine, policy::any_text>},
                                   {"runtime", into<&Run::runtime, policy::any_text>},
                                   {"kernel", into<&Run::kernel, policy::any_text>},
                                   {"architecture", into<&Run::architecture, such<is_architecture>>},
                                   {"profile", into<&Run::profile, policy::any_text>},
                                   {"tier", into<&Run::tier, tier>},
                                   {"started", into<&Run::started, such<is_time>>},
                                   {"ended", into<&Run::ended, such<is_time>>},
                                   {"phases", into<&Run::phases, phases>},
                                   {"syscalls", into<&Run::syscalls, syscalls>},
                                   {"arguments", into<&Run::arguments, list<argument, ArgumentValues>>},
                                   {"capabilities", into<&Run::capabilities, capabilities>},
                                   {"writes", into<&Run::writes, list<write, Write>>},
                                   {"peaks", into<&Run::peaks, peaks>},
                                   {"complete", into<&Run::complete, policy::boolean>},
                                   {"lost", into<&Run::lost, list<policy::any_text, std::string>>}};
constexpr std::string_view needed[] = {"version", "run",   "container", "image",    "architecture", "tier",
                                       "started", "ended", "phases",    "syscalls", "complete"};

}  // namespace

std::string words_of(const Phases& phases) {
  std::vector<std::string> words;
  for (const Phase phase : phases) words.emplace_back(policy::word_of(phase_words, phase));
  return join(words, ", ");
}

Result<Run> decode_run(const policy::Document& line) {
  Run run;
  const Node node(line);
  TRY_DO(policy::decode_members(node, run, members, {}));
  TRY_DO(require(node, needed));
  return run;
}

}  // namespace hardened::generate
