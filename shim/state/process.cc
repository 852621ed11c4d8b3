#include "state/process.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <vector>

#include "util/fd.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::state {
namespace {

struct Stat {
  char status = '?';
  std::uint64_t threads = 0;
  std::uint64_t start_time = 0;
};

Result<Stat> stat_of(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  TRY(fd, open_at(AT_FDCWD, path, O_RDONLY));
  TRY(text, read_all(fd.get(), 4096, path));
  // Field 2 is the command in brackets and may hold spaces and brackets itself: count from the last bracket.
  const std::size_t bracket = text.rfind(") ");
  const auto fields = split(bracket == std::string::npos ? "" : text.substr(bracket + 2), ' ');
  Stat stat;
  constexpr std::size_t threads = 20 - 3, start_time = 22 - 3;
  if (fields.size() <= start_time || fields[0].empty())
    return fail(Code::io, "cannot read " + path + ": too few fields");
  stat.status = fields[0][0];
  const auto read = [&fields](std::size_t field, std::uint64_t& number) {
    const std::string& digits = fields[field];
    return std::from_chars(digits.data(), digits.data() + digits.size(), number).ec == std::errc{};
  };
  if (!read(threads, stat.threads) || !read(start_time, stat.start_time))
    return fail(Code::io, "cannot read " + path + ": field 20 or 22 is not a number");
  return stat;
}

}  // namespace

Result<Process> process_of(pid_t pid) {
  TRY(stat, stat_of(pid));
  return Process{pid, stat.start_time};
}

Result<Process> this_process() {
  return process_of(::getpid());
}

std::string format_process(const Process& process) {
  return std::to_string(process.pid) + ":" + std::to_string(process.start_time);
}

std::optional<Process> parse_process(std::string_view text) {
  const auto parts = split(text, ':');
  if (parts.size() != 2) return std::nullopt;
  Process process;
  const auto read = [](const std::string& part, auto& number) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    return error == std::errc{} && end == part.data() + part.size();
  };
  if (!read(parts[0], process.pid) || !read(parts[1], process.start_time)) return std::nullopt;
  return process;
}

bool may_be_alive(const Process& process) {
  if (process.pid <= 0) return false;
  if (::kill(process.pid, 0) != 0 && errno == ESRCH) return false;
  const auto stat = stat_of(process.pid);
  if (!stat) return true;
  const bool has_ended = (stat->status == 'Z' || stat->status == 'X') && stat->threads <= 1;
  return stat->start_time == process.start_time && !has_ended;
}

}  // namespace hardened::state
