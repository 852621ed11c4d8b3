#include "ctl/export.h"

#include <fmt/format.h>
#include <syslog.h>
#include <time.h>

#include <algorithm>

#include "ctl/output.h"
#include "oci/spec.h"
#include "util/version.h"

namespace hardened::ctl {
namespace {

// How bad: for syslog (RFC 5424 table 2) and for CEF (0 to 10).
struct Severity {
  const char* verdict;
  int syslog;
  int cef;
};
constexpr Severity severities[] = {{"allowed", LOG_NOTICE, 2}, {"refused", LOG_WARNING, 6}};
constexpr Severity otherwise = {"failed", LOG_ERR, 7};

Severity severity_of(const Json& record) {
  for (const Severity& row : severities) {
    if (text(record, "verdict") == row.verdict) return row;
  }
  return otherwise;
}

// A header field of RFC 5424: printable ASCII without blanks, "-" for none.
std::string field(std::string value, std::size_t longest) {
  std::erase_if(value, [](char c) { return c <= 0x20 || c >= 0x7f; });
  return value.empty() ? "-" : value.substr(0, longest);
}

std::string to_syslog(const Json& record) {
  return fmt::format("<{}>1 {} {} hardened - {} - @cee:{}", LOG_AUTHPRIV | severity_of(record).syslog,
                     field(text(record, "time"), 32), field(text(record, "host"), 255),
                     field(text(record, "verdict"), 32), json_text(record));
}

std::string escaped(const std::string& value, std::string_view special) {
  std::string result;
  for (const char c : value) {
    if (c == '\n' || c == '\r') {
      result += "\\n";
      continue;
    }
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += c;
  }
  return printable(result);
}

// CEF knows no RFC 3339: milliseconds since 1970. Empty for what is no time of ours.
std::string milliseconds(const std::string& time) {
  std::tm parts{};
  const char* rest = ::strptime(time.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (rest == nullptr) return {};
  const std::string_view fraction = rest;
  const bool told =
      fraction.size() == 5 && fraction[0] == '.' && fraction[4] == 'Z' &&
      std::all_of(fraction.begin() + 1, fraction.begin() + 4, [](char c) { return c >= '0' && c <= '9'; });
  return fmt::format("{}{}", ::timegm(&parts), told ? fraction.substr(1, 3) : "000");
}

// The control that refused, if any.
std::string refusing(const Json& record) {
  for (const Json& finding : record.value("findings", Json::array())) {
    if (finding.is_object() && text(finding, "outcome") == "refused") return text(finding, "control");
  }
  return {};
}

std::string to_cef(const Json& record) {
  const std::string control = refusing(record);
  const std::string verdict = text(record, "verdict");
  std::string line =
      fmt::format("CEF:0|hardened|hardened-runtime|{}|{}|container {} {}|{}|", version,
                  escaped(control.empty() ? verdict : control, "|\\"), escaped(text(record, "operation"), "|\\"),
                  escaped(verdict, "|\\"), severity_of(record).cef);
  const std::pair<const char*, std::string> extension[] = {{"rt", milliseconds(text(record, "time"))},
                                                           {"dvchost", text(record, "host")},
                                                           {"act", verdict},
                                                           {"cs1Label", "container"},
                                                           {"cs1", text(record, "container")},
                                                           {"cs2Label", "image"},
                                                           {"cs2", text(record, "image")},
                                                           {"cs3Label", "profile"},
                                                           {"cs3", text(record, "profile")},
                                                           {"msg", text(record, "message")}};
  bool first = true;
  for (const auto& [key, value] : extension) {
    if (value.empty()) continue;
    line += fmt::format("{}{}={}", first ? "" : " ", key, escaped(value, "\\="));
    first = false;
  }
  return line;
}

}  // namespace

std::string text(const Json& object, std::string_view name) {
  return oci::text(object, fmt::format("/{}", name)).value_or("");
}

std::string exported(const Json& record, const std::string& format) {
  if (format == "syslog") return to_syslog(record);
  if (format == "cef") return to_cef(record);
  return json_text(record);
}

}  // namespace hardened::ctl
