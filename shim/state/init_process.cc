#include "state/init_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "oci/spec.h"
#include "oci/strict_json.h"
#include "state/process.h"
#include "util/file.h"

namespace hardened::state {
namespace {

struct Record {
  const char* file;
  const char* init;
  const char* start;  // as in Process
};
constexpr Record records[] = {{"state.json", "/init_process_pid", "/init_process_start"},
                              {"status", "/pid", "/process-start-time"}};

}  // namespace

Result<pid_t> init_of(const std::string& runtime_root, const std::string& id) {
  constexpr std::size_t largest = std::size_t{16} << 20;
  const std::string directory = fmt::format("{}/{}", runtime_root, id);
  for (const Record& record : records) {
    const std::string path = fmt::format("{}/{}", directory, record.file);
    if (::access(path.c_str(), F_OK) != 0) continue;
    TRY(text, read_trusted_file(AT_FDCWD, path, largest));
    TRY(document, oci::parse_strict(text, path, {.max_bytes = largest}));
    const Spec view(std::move(document.value));
    const auto pid = view.integer(record.init);
    if (!pid || *pid <= 1) continue;
    const auto start = view.integer(record.start);
    const auto process = process_of(static_cast<pid_t>(*pid));
    if (start && *start > 0 && process && process->start_time != static_cast<std::uint64_t>(*start))
      return fail(Code::io, fmt::format("cannot find the first process of the container in {}: it ended, and {} is the "
                                        "number of another one by now",
                                        directory, *pid));
    return static_cast<pid_t>(*pid);
  }
  return fail(Code::io, "cannot find the first process of the container in " + directory);
}

}  // namespace hardened::state
