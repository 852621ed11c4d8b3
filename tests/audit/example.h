// Records to log, and a place to log them to.
#pragma once

#include <sys/stat.h>

#include <sstream>

#include "audit/log.h"
#include "audit/verify.h"
#include "temporary.h"

namespace hardened::testing {

inline const controls::Control& sample_control() {
  static const controls::Control control = {
      .id = "memory", .title = "Memory is limited", .rationale = "", .references = {}, .owns = {}, .evaluate = nullptr};
  return control;
}

inline controls::Decision decision(controls::Outcome outcome, const std::string& pointer, std::optional<Json> before,
                                   std::optional<Json> after) {
  controls::Decision result;
  result.control = &sample_control();
  result.outcome = outcome;
  result.finding.change = {pointer, std::move(before), std::move(after)};
  result.finding.reason = "a container without a limit can starve the host";
  return result;
}

inline audit::Record record(const std::string& container = "web") {
  audit::Record result;
  result.engine = "docker";
  result.container = container;
  result.image = "nginx:1.25";
  result.profile = "strict";
  result.policy = std::string(64, 'd');
  result.operation = "create";
  result.verdict = audit::Verdict::allowed;
  result.decisions = {
      decision(controls::Outcome::enforced, "/linux/resources/memory/limit", std::nullopt, Json(268435456))};
  return result;
}

class Log {
 public:
  [[nodiscard]] audit::Places places() const {
    audit::Places result;
    result.log = path();
    result.state = temporary_.path("state");
    result.syslog = temporary_.path("syslog");
    result.patience = std::chrono::seconds(60);  // a busy machine must not fail a test
    return result;
  }
  [[nodiscard]] std::string directory() const { return temporary_.path("log"); }
  [[nodiscard]] std::string path() const { return directory() + "/audit.jsonl"; }
  [[nodiscard]] std::string head() const { return directory() + "/audit.head"; }
  [[nodiscard]] Status append(const std::string& container = "web") const {
    return audit::append(record(container), places());
  }
  [[nodiscard]] bool append_all(int count) const {
    for (int i = 0; i < count; ++i) {
      if (!append("c" + std::to_string(i))) return false;
    }
    return true;
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::vector<std::string> result;
    std::istringstream text(read_text(path()));
    for (std::string line; std::getline(text, line);) result.push_back(line);
    return result;
  }
  void set_lines(const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    write_text(path(), text);
  }
  [[nodiscard]] audit::VerifyReport verify(const std::vector<std::string>& older = {}) const {
    const auto report = audit::verify(path(), older);
    if (!report) throw std::runtime_error(report.error().message);
    return *report;
  }

 private:
  TemporaryDirectory temporary_;
};

}  // namespace hardened::testing
