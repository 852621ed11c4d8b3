#include "policy/decode.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "util/text.h"

namespace hardened::policy {

namespace {

// A number read from text is unsigned unless it has a sign; one put in by a program may be signed all the same.
std::optional<std::uint64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (!value.is_number_integer() || value.get<std::int64_t>() < 0) return std::nullopt;
  return static_cast<std::uint64_t>(value.get<std::int64_t>());
}

}  // namespace

Status unknown_member(const Node& object, const std::string& name, std::span<const std::string> members) {
  return object.member(name, object.value().at(name))
      .cannot(fmt::format("use the unknown member {}{}", in_quotes(name), did_you_mean(name, members)),
              "the members here are " + join(members, ", "));
}

Status any_text(const Node& node, std::string& into, const Context&) {
  if (!node.value().is_string()) return node.cannot_use("text is needed");
  into = node.value().get_ref<const std::string&>();
  return {};
}

Status text(const Node& node, std::string& into, const Context& context) {
  TRY_DO(any_text(node, into, context));
  if (into.empty()) return node.cannot_use("it is empty");
  return {};
}

Status path(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  if (into == "/" || into.find('\0') != std::string::npos || into != clean_path(into))
    return node.cannot_use("an absolute path without //, . and .. is needed");
  return {};
}

Status path_glob(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  if (into.front() != '/') return node.cannot_use("an absolute path is needed");
  return {};
}

Status boolean(const Node& node, bool& into, const Context&) {
  if (!node.value().is_boolean()) return node.cannot_use("true or false is needed");
  into = node.value().get<bool>();
  return {};
}

Status size(const Node& node, std::uint64_t& into, const Context&) {
  std::optional<std::uint64_t> bytes = whole_number(node.value());
  if (node.value().is_string()) bytes = parse_size(node.value().get_ref<const std::string&>());
  // The runtime-spec's sizes are signed: beyond their end a limit would turn into "unlimited".
  if (!bytes || *bytes == 0 || *bytes > std::numeric_limits<std::int64_t>::max())
    return node.cannot_use("a size is needed: bytes, or \"256MiB\"");
  into = *bytes;
  return {};
}

Status count(const Node& node, std::uint64_t& into, const Context&) {
  constexpr std::uint64_t most = std::uint64_t{1} << 30;
  const std::uint64_t value = whole_number(node.value()).value_or(0);
  if (value == 0 || value > most) return node.cannot_use(fmt::format("a whole number from 1 to {} is needed", most));
  into = value;
  return {};
}

Status identity(const Node& node, std::uint32_t& into, const Context&) {
  constexpr std::uint32_t most = std::numeric_limits<std::uint32_t>::max() - 1;  // the last one means "unchanged"
  const std::uint64_t value = whole_number(node.value()).value_or(0);
  if (value == 0 || value > most) return node.cannot_use(fmt::format("a whole number from 1 to {} is needed", most));
  into = static_cast<std::uint32_t>(value);
  return {};
}

Status cores(const Node& node, double& into, const Context&) {
  // Less than a hundredth is less than the 1 ms of cpu.cfs_quota_us that the kernel accepts in a period of 100 ms.
  const double value = node.value().is_number() ? node.value().get<double>() : 0;
  if (!(value >= 0.01 && value <= 65536)) return node.cannot_use("a number of cores from 0.01 to 65536 is needed");
  into = value;
  return {};
}

Status texts(const Node& node, std::vector<std::string>& into, const Context& context) {
  return decode_array(node, into, text, context);
}

Status some_texts(const Node& node, std::vector<std::string>& into, const Context& context) {
  TRY_DO(texts(node, into, context));
  if (into.empty()) return node.cannot_use("it is empty");
  return {};
}

namespace {

template <typename Name>
Status one_name_of(const Node& node, std::string& into, std::string_view what, std::span<const Name> names) {
  TRY_DO(text(node, into, {}));
  if (std::find(names.begin(), names.end(), into) != names.end()) return {};
  const std::vector<std::string> candidates(names.begin(), names.end());
  const std::string why = what.empty() ? "it is one of " + join(candidates, ", ") : fmt::format("no such {}", what);
  return node.cannot_use(why + did_you_mean(into, candidates));
}

}  // namespace

Status known_name(const Node& node, std::string& into, std::string_view what, std::span<const std::string> names) {
  return one_name_of(node, into, what, names);
}

Status known_name(const Node& node, std::string& into, std::string_view what, std::span<const std::string_view> names) {
  return one_name_of(node, into, what, names);
}

bool is_profile_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), allowed) && name.front() != '.' &&
         name.front() != '_' && name.front() != '-';
}

Status profile_name(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  if (std::binary_search(context.profiles.begin(), context.profiles.end(), into)) return {};
  return node.cannot_use("no such profile" + did_you_mean(into, context.profiles));
}

}  // namespace hardened::policy
