#include "audit/record.h"

#include <unistd.h>

#include <array>
#include <climits>
#include <optional>

#include "util/hash.h"
#include "util/version.h"

namespace hardened::audit {
namespace {

using controls::Outcome;

constexpr std::size_t longest_value = 512;  // bytes of JSON
constexpr std::size_t longest_text = 2048;  // bytes
constexpr std::size_t most_findings = 1000;
constexpr char masked[] = "…";

std::string dumped(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string cut(const std::string& text) {
  return text.size() <= longest_text ? text : text.substr(0, longest_text) + masked;
}

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

bool is_environment(const std::string& pointer) {
  return pointer.ends_with("/env") || pointer.find("/env/") != std::string::npos;
}

void mask_environments(Json& value) {
  if (!value.is_structured()) return;
  for (auto& [key, member] : value.items()) {
    if (value.is_object() && key == "env") {
      member = masked;
    } else {
      mask_environments(member);
    }
  }
}

Json told_or_measured(const Json& value) {
  const std::string text = dumped(value);
  if (text.size() <= longest_value) return value;
  return {{"sha256", sha256_hex(text)}, {"bytes", text.size()}};
}

bool holds_an_environment(const Json& value) {
  if (value.is_object() && value.contains("env")) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(), holds_an_environment);
}

Json told(const std::string& pointer, const Json& value) {
  if (is_environment(pointer)) return masked;
  if (holds_an_environment(value)) {
    Json without = value;
    mask_environments(without);
    return told_or_measured(without);
  }
  return told_or_measured(value);
}

bool took_effect(Outcome outcome) {
  return outcome == Outcome::enforced || outcome == Outcome::clamped;
}

Json describe(const controls::Decision& decision) {
  const Change& change = decision.finding.change;
  Json finding = {{"control", decision.control->id},
                  {"outcome", controls::outcome_name(decision.outcome)},
                  {"pointer", cut(change.pointer)}};
  if (change.before) finding["before"] = told(change.pointer, *change.before);
  if (change.after && took_effect(decision.outcome)) finding["after"] = told(change.pointer, *change.after);
  finding["reason"] = cut(decision.finding.reason);
  if (!decision.waiver.empty()) finding["waiver"] = cut(decision.waiver);
  return finding;
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::allowed:
      return "allowed";
    case Verdict::refused:
      return "refused";
    case Verdict::failed:
      break;
  }
  return "failed";
}

Json describe(const Record& record, Detail detail) {
  Json findings = Json::array();
  std::size_t omitted = 0;
  for (const controls::Decision& decision : record.decisions) {
    if (detail == Detail::notable && decision.outcome == Outcome::enforced) continue;
    if (findings.size() < most_findings) {
      findings.push_back(describe(decision));
    } else {
      ++omitted;
    }
  }
  Json document = {{"host", host_name()},
                   {"version", version},
                   {"engine", cut(record.engine)},
                   {"container", cut(record.container)},
                   {"image", cut(record.image)},
                   {"profile", cut(record.profile)},
                   {"policy", cut(record.policy)},
                   {"operation", record.operation},
                   {"verdict", verdict_name(record.verdict)},
                   {"mode", record.mode == policy::Mode::audit ? "audit" : "enforce"},
                   {"findings", std::move(findings)}};
  if (omitted != 0) document["findings_omitted"] = omitted;
  if (!record.message.empty()) document["message"] = cut(record.message);
  return document;
}

}  // namespace hardened::audit
