#include "ctl/export.h"

#include <fmt/format.h>
#include <syslog.h>

#include "oci/spec.h"
#include "util/version.h"

namespace hardened::ctl {
namespace {

std::string compact(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

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
std::string field(std::string value) {
  std::erase_if(value, [](char c) { return c <= 0x20 || c >= 0x7f; });
  return value.empty() ? "-" : value.substr(0, 255);
}

std::string to_syslog(const Json& record) {
  return fmt::format("<{}>1 {} {} hardened - {} - @cee:{}", LOG_AUTHPRIV | severity_of(record).syslog,
                     field(text(record, "time")), field(text(record, "host")), field(text(record, "verdict")),
                     compact(record));
}

std::string escaped(const std::string& value, std::string_view special) {
  std::string result;
  for (const char c : value) {
    if (c == '\n' || c == '\r') {
      result += "\\n";
      continue;
    }
    if (special.find(c) != std::string_view::npos) result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  return result;
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
  const std::pair<const char*, std::string> extension[] = {{"rt", text(record, "time")},
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
  return compact(record);
}

}  // namespace hardened::ctl
