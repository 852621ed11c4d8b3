#include "ctl/explanation.h"

#include <fmt/format.h>

#include <algorithm>

#include "controls/registry.h"
#include "ctl/export.h"
#include "ctl/output.h"
#include "util/text.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t most_places = 4;     // of one reason; the others are counted
constexpr std::size_t longest_value = 60;  // bytes
constexpr const char* subject[] = {"container", "name", "engine", "image", "profile", "policy", "mode", "time"};

Json references_of(const controls::Control& control) {
  Json references = Json::array();
  for (const controls::Reference& reference : control.references)
    references.push_back(fmt::format("{} {}", reference.document, reference.item));
  return references;
}

// Of a control that this version does not have only its id is known.
Json described(const std::string& id) {
  Json document = {{"id", id}, {"title", ""}, {"rationale", ""}, {"references", Json::array()}};
  if (const controls::Control* control = controls::find_control(id)) {
    document["title"] = control->title;
    document["rationale"] = control->rationale;
    document["references"] = references_of(*control);
  }
  document["findings"] = Json::array();
  return document;
}

// The table's order, which is the order they were found in; then what the table does not have.
Json controls_of(const Json& record) {
  Json list = Json::array();
  const auto entry = [&list](const std::string& id) -> Json& {
    for (Json& known : list) {
      if (text(known, "id") == id) return known;
    }
    list.push_back(described(id));
    return list.back();
  };
  for (const Json& finding : record.value("findings", Json::array())) {
    if (!finding.is_object()) continue;
    Json own = finding;
    own.erase("control");
    entry(text(finding, "control"))["findings"].push_back(std::move(own));
  }
  return list;
}

Json quiet_ones(const Json& found) {
  Json ids = Json::array();
  for (const controls::Control* control : controls::registry()) {
    const auto is_it = [&](const Json& entry) { return text(entry, "id") == control->id; };
    if (std::none_of(found.begin(), found.end(), is_it)) ids.push_back(control->id);
  }
  return ids;
}

bool is_measured(const Json& value) {
  return value.is_object() && value.size() == 2 && value.contains("sha256") && value.contains("bytes");
}

std::string shown(const Json& value) {
  if (is_measured(value)) return fmt::format("({} bytes)", value["bytes"].dump());
  std::string full = printable(json_text(value));
  if (full.size() <= longest_value) return full;
  std::size_t end = longest_value;
  while (end > 0 && (static_cast<unsigned char>(full[end]) & 0xc0U) == 0x80U) --end;  // not inside a character
  return full.substr(0, end) + "…";
}

// What became of the value at a finding's place.
std::string became(const Json& finding) {
  const bool changed = text(finding, "outcome") == "enforced" || text(finding, "outcome") == "clamped";
  const std::string before = finding.contains("before") ? shown(finding["before"]) : "";
  const std::string after = finding.contains("after") ? shown(finding["after"]) : "";
  if (!changed) return before.empty() ? "" : ": " + before;
  if (before.empty() && after.empty()) return "";
  if (before.empty()) return ": added " + after;
  if (after.empty()) return ": removed " + before;
  return fmt::format(": {} → {}", before, after);
}

struct Group {
  std::string outcome, reason, waiver;
  std::vector<std::string> places;
};

std::vector<Group> groups_of(const Json& control) {
  std::vector<Group> groups;
  for (const Json& finding : control.value("findings", Json::array())) {
    Group key{text(finding, "outcome"), text(finding, "reason"), text(finding, "waiver"), {}};
    auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& group) {
      return group.outcome == key.outcome && group.reason == key.reason && group.waiver == key.waiver;
    });
    if (same == groups.end()) same = groups.insert(groups.end(), std::move(key));
    same->places.push_back(printable(text(finding, "pointer") + became(finding)));
  }
  return groups;
}

void tell(const Group& group, std::vector<std::string>& lines) {
  lines.push_back(fmt::format("  {:<11} {}", group.outcome, printable(group.reason)));
  if (!group.waiver.empty()) lines.push_back(fmt::format("  {:<11} waiver: {}", "", printable(group.waiver)));
  const std::size_t count = std::min(group.places.size(), most_places);
  for (std::size_t i = 0; i < count; ++i) lines.push_back(fmt::format("  {:<11}   {}", "", group.places[i]));
  if (count < group.places.size())
    lines.push_back(fmt::format("  {:<11}   and {} more (--json, --diff)", "", group.places.size() - count));
}

void tell(const Json& control, std::vector<std::string>& lines) {
  const std::string title = text(control, "title");
  lines.emplace_back();
  lines.push_back(printable(text(control, "id")) + (title.empty() ? "" : ": " + title));
  if (!title.empty()) {
    lines.push_back("  why         " + text(control, "rationale"));
    lines.push_back("  references  " + join(control["references"].get<std::vector<std::string>>(), ", "));
  }
  for (const Group& group : groups_of(control)) tell(group, lines);
}

void tell_side(const char* sign, const Json& finding, const char* member, std::vector<std::string>& lines) {
  if (!finding.contains(member)) return;
  const Json& value = finding[member];
  if (is_measured(value)) {
    lines.push_back(fmt::format("{}({} bytes, SHA-256 {})", sign, value["bytes"].dump(), text(value, "sha256")));
    return;
  }
  for (const std::string& line : split(json_text(value, 2), '\n')) lines.push_back(sign + line);
}

void hide_values(Json& environment) {
  for (Json& variable : environment) {
    if (!variable.is_string()) continue;
    const auto value = variable.get<std::string>();
    const std::size_t equals = value.find('=');
    if (equals != std::string::npos) variable = value.substr(0, equals) + "=…";
  }
}

}  // namespace

Json explanation(const Json& record) {
  Json document = Json::object();
  for (const char* member : subject) document[member] = text(record, member);
  for (const char* member : {"operation", "verdict", "message"}) document[member] = text(record, member);
  document["controls"] = controls_of(record);
  document["unchanged"] = quiet_ones(document["controls"]);
  if (record.contains("findings_omitted")) document["findings_omitted"] = record["findings_omitted"];
  return document;
}

std::vector<std::string> told(const Json& explanation) {
  std::vector<std::string> lines;
  for (const char* member : subject) {
    const std::string value = text(explanation, member);
    if (!value.empty()) lines.push_back(fmt::format("{:<10}  {}", member, printable(value)));
  }
  const std::string message = text(explanation, "message");
  lines.push_back(fmt::format("{:<10}  {}{}", "verdict", text(explanation, "verdict"),
                              message.empty() ? "" : ": " + printable(message)));
  for (const Json& control : explanation.value("controls", Json::array())) tell(control, lines);
  const auto quiet = explanation.value("unchanged", Json::array()).get<std::vector<std::string>>();
  lines.emplace_back();
  lines.push_back("nothing found by: " + (quiet.empty() ? "none" : join(quiet, ", ")));
  return lines;
}

std::vector<std::string> changes(const Json& explanation) {
  std::vector<std::string> lines;
  for (const Json& control : explanation.value("controls", Json::array())) {
    for (const Json& finding : control.value("findings", Json::array())) {
      const std::string outcome = text(finding, "outcome");
      if (outcome != "enforced" && outcome != "clamped") continue;
      lines.push_back(printable(fmt::format("@@ {} ({})", text(finding, "pointer"), text(control, "id"))));
      tell_side("-", finding, "before", lines);
      tell_side("+", finding, "after", lines);
    }
  }
  return lines;
}

Json without_secrets(Json spec) {
  if (!spec.is_structured()) return spec;
  for (auto& [key, member] : spec.items()) {
    if (spec.is_object() && key == "env" && member.is_array()) {
      hide_values(member);
    } else {
      member = without_secrets(std::move(member));
    }
  }
  return spec;
}

}  // namespace hardened::ctl
