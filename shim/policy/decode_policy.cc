#include "policy/decode_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>

#include "util/text.h"

namespace hardened::policy {
namespace {

Status version(const Node& node, PolicyFile&, const Context&) {
  if (node.value() == 1) return {};
  return node.cannot_use("this program knows version 1 only");
}

Status mode(const Node& node, Mode& into, const Context& context) {
  return one_of(node, into, mode_words, context);
}

Status level(const Node& node, Level& into, const Context& context) {
  return one_of(node, into, level_words, context);
}

Status runtimes(const Node& node, std::vector<std::string>& into, const Context& context) {
  TRY_DO(decode_array(node, into, path, context));
  if (into.empty()) return node.cannot_use("it is empty");
  return {};
}

Status controls(const Node& node, std::map<std::string, Level, std::less<>>& levels, const Context& context) {
  if (!node.value().is_object()) return node.cannot_use("an object is needed");
  const std::span<const std::string> ids = context.known->controls;
  for (const auto& [id, value] : node.value().items()) {
    const Node member = node.member(id, value);
    if (std::find(ids.begin(), ids.end(), id) == ids.end())
      return member.cannot(fmt::format("set the level of {}: no such control{}", in_quotes(id), did_you_mean(id, ids)));
    TRY_DO(level(member, levels[id], context));
  }
  return {};
}

Status when_unwritable(const Node& node, bool& refuse, const Context& context) {
  constexpr Choice<bool> choices[] = {{"refuse", true}, {"continue", false}};
  return one_of(node, refuse, choices, context);
}

Status also(const Node& node, bool& syslog, const Context& context) {
  const auto sink = [](const Node& element, std::string& name, const Context&) -> Status {
    constexpr std::string_view names[] = {"syslog"};
    return known_name(element, name, {}, names);
  };
  std::vector<std::string> sinks;
  TRY_DO(decode_array<std::string>(node, sinks, sink, context));
  syslog = !sinks.empty();
  return {};
}

Status audit(const Node& node, AuditLog& audit, const Context& context) {
  static constexpr Member<AuditLog> members[] = {
      {"when_unwritable", into<&AuditLog::refuse_when_unwritable, when_unwritable>},
      {"also", into<&AuditLog::syslog, also>}};
  return decode_members(node, audit, members, context);
}

Status select_row(const Node& node, SelectRow& row, const Context& context) {
  static constexpr Member<SelectRow> members[] = {{"image", into<&SelectRow::image, text>},
                                                  {"program", into<&SelectRow::program, text>},
                                                  {"annotation", into<&SelectRow::annotation, text>},
                                                  {"label", into<&SelectRow::label, text>},
                                                  {"profile", into<&SelectRow::profile, profile_name>},
                                                  {"allow", into<&SelectRow::allow, some_texts>}};
  TRY_DO(decode_members(node, row, members, context));
  const int given = !row.image.empty() + !row.program.empty() + !row.annotation.empty() + !row.label.empty();
  if (given != 1)
    return node.cannot("use this row: it needs exactly one of \"image\", \"program\", \"annotation\" and \"label\"");
  const bool by_key = !row.annotation.empty() || !row.label.empty();
  if (by_key && (row.allow.empty() || !row.profile.empty()))
    return node.cannot(
        "use this row: with \"annotation\" or \"label\" goes \"allow\", the profiles the value may name");
  if (!by_key && (row.profile.empty() || !row.allow.empty()))
    return node.cannot("use this row: with \"image\" or \"program\" goes \"profile\"");
  return {};
}

Status select_rows(const Node& node, std::vector<SelectRow>& into, const Context& context) {
  return decode_array(node, into, select_row, context);
}

Status control_id(const Node& node, std::string& into, const Context& context) {
  return known_name(node, into, "control", context.known->controls);
}

template <typename T>
bool number_at(std::string_view text, std::size_t from, std::size_t length, T& number) {
  const char* end = text.data() + from + length;
  const auto [stop, error] = std::from_chars(text.data() + from, end, number);
  return error == std::errc{} && stop == end;
}

bool is_iso_date(std::string_view text) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !number_at(text, 0, 4, year) ||
      !number_at(text, 5, 2, month) || !number_at(text, 8, 2, day))
    return false;
  return year >= 0 &&
         std::chrono::year_month_day(std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)).ok();
}

Status date(const Node& node, std::string& into, const Context& context) {
  TRY_DO(text(node, into, context));
  if (!is_iso_date(into)) return node.cannot_use("a date is needed, such as \"2027-03-01\"");
  return {};
}

Status waiver_row(const Node& node, WaiverRow& row, const Context& context) {
  // Members of the row and of the waiver inside it: one table, two functions for the nested ones.
  static constexpr Member<WaiverRow> members[] = {
      {"control", [](const Node& n, WaiverRow& r, const Context& c) { return control_id(n, r.waiver.control, c); }},
      {"image", into<&WaiverRow::image, text>},
      {"allow", [](const Node& n, WaiverRow& r, const Context& c) { return some_texts(n, r.waiver.allow, c); }},
      {"reason", [](const Node& n, WaiverRow& r, const Context& c) { return text(n, r.waiver.reason, c); }},
      {"until", into<&WaiverRow::until, date>}};
  TRY_DO(decode_members(node, row, members, context));
  for (const std::string_view needed : {"control", "allow", "reason"}) {
    if (!node.value().contains(needed)) return node.cannot(fmt::format("use a waiver without {}", in_quotes(needed)));
  }
  return {};
}

Status waivers(const Node& node, std::vector<WaiverRow>& into, const Context& context) {
  return decode_array(node, into, waiver_row, context);
}

// A member of PolicyFile::policy.
template <auto field, auto decode>
Status of_policy(const Node& node, PolicyFile& file, const Context& context) {
  return decode(node, file.policy.*field, context);
}

constexpr Member<PolicyFile> policy_members[] = {{"$schema", ignored_text},
                                                 {"version", version},
                                                 {"mode", of_policy<&Policy::mode, mode>},
                                                 {"runtimes", of_policy<&Policy::runtimes, runtimes>},
                                                 {"default_profile", into<&PolicyFile::default_profile, profile_name>},
                                                 {"build_profile", into<&PolicyFile::build_profile, profile_name>},
                                                 {"select", into<&PolicyFile::select, select_rows>},
                                                 {"controls", of_policy<&Policy::levels, controls>},
                                                 {"waivers", into<&PolicyFile::waivers, waivers>},
                                                 {"images", of_policy<&Policy::images, texts>},
                                                 {"audit", of_policy<&Policy::audit, audit>}};

}  // namespace

Result<PolicyFile> decode_policy(const Document& document, const Context& context) {
  const Node root(document);
  PolicyFile file;
  TRY_DO(decode_members(root, file, policy_members, context));
  if (!document.value.contains("version")) return root.cannot("use a policy without \"version\": 1");
  return file;
}

}  // namespace hardened::policy
