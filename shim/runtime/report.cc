#include "runtime/report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/fd.h"
#include "util/file.h"

namespace hardened::runtime {
namespace {

std::string json_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
      result += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      result += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + '"';
}

std::string log_line(const std::string& format, const std::string& message) {
  if (format == "json")
    return fmt::format("{{\"level\":\"error\",\"msg\":{},\"time\":\"{}\"}}\n", json_string(message), utc_now());
  return fmt::format("time=\"{}\" level=error msg={}\n", utc_now(), json_string(message));
}

}  // namespace

std::string user_message(const Error& error) {
  return "hardened: " + error.message + (error.hint.empty() ? "" : "; " + error.hint);
}

void report_failure(const Invocation& invocation, const std::string& message) {
  const std::string path = invocation.global("log");
  const std::string line = log_line(invocation.global("log-format"), message);
  if (!path.empty()) {
    // O_NONBLOCK: some engines give a FIFO or /dev/stderr as the log; a reader that is gone must not hang us.
    const auto log = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_NONBLOCK, 0644);
    if (log && write_all(log->get(), line, path) && invocation.verb_name != "update") return;
  }
  // Nothing is left to do about a stderr that cannot be written: the exit status still says that we failed.
  (void)write_all(STDERR_FILENO, message + "\n", "stderr");
}

int failure_status(const Invocation& invocation) {
  return invocation.verb_name == "exec" ? 255 : 1;
}

}  // namespace hardened::runtime
