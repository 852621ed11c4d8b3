#include "host/runtime_version.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>

#include "util/child.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_output = 4096;  // bytes
constexpr std::chrono::seconds patience{10};

Result<std::string> cache_key(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return fail_errno("cannot look at " + path, errno);
  std::string key = path;
  const auto add = [&key](auto value) { key += '\n' + std::to_string(value); };
  add(status.st_dev);
  add(status.st_ino);
  add(status.st_size);
  add(status.st_mtim.tv_sec);
  add(status.st_mtim.tv_nsec);
  add(status.st_ctim.tv_sec);
  add(status.st_ctim.tv_nsec);
  return sha256_hex(key);
}

std::optional<std::string> cached(const std::string& file) {
  const auto text = read_trusted_file(AT_FDCWD, file, largest_output);
  return text ? std::optional(*text) : std::nullopt;
}

// Losing the answer costs a few milliseconds next time, nothing else.
void remember(const std::string& directory, const std::string& name, const std::string& output) {
  if (!make_directories(directory)) return;
  const auto opened = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!opened) return;
  // It has a name when it is whole: who is killed before leaves nothing that nobody would clear away.
  const auto file = open_at(opened->get(), ".", O_TMPFILE | O_WRONLY, 0600);
  if (!file || !write_all(file->get(), output, name)) return;
  const std::string path = "/proc/self/fd/" + std::to_string(file->get());
  // Where it cannot be kept, the next create asks again.
  if (::linkat(AT_FDCWD, path.c_str(), opened->get(), name.c_str(), AT_SYMLINK_FOLLOW) != 0) return;
}

}  // namespace

RuntimeFact parse_version(std::string_view output) {
  RuntimeFact fact;
  const std::string_view line = output.substr(0, output.find('\n'));
  const bool runc = line.starts_with("runc version ");
  if (!runc && !line.starts_with("crun version ")) return fact;
  const char* at = line.data() + std::string_view("runc version ").size();
  const char* end = line.data() + line.size();
  std::uint16_t numbers[3] = {0, 0, 0};
  for (std::uint16_t& number : numbers) {
    const auto [next, error] = std::from_chars(at, end, number);
    if (error != std::errc{}) break;
    at = next;
    if (at == end || *at != '.') break;
    ++at;
  }
  fact.kind = runc ? RuntimeKind::runc : RuntimeKind::crun;
  fact.major = numbers[0];
  fact.minor = numbers[1];
  fact.patch = numbers[2];
  return fact;
}

Result<std::string> ask_version(const std::string& path) {
  TRY(end, run_child(path, {"--version"}, -1, {patience, largest_output}));
  if (!end.output.empty() || end.status == 0) return std::move(end.output);
  return fail(Code::io, end.status ? fmt::format("it ended with status {} and said nothing", *end.status)
                                   : "it was killed, or did not answer in time");
}

Result<RuntimeFact> runtime_version(const std::string& path, const std::string& state) {
  TRY(key, cache_key(path));
  const std::string directory = state + "/runtimes";
  auto output = cached(directory + "/" + key);
  const bool known = output.has_value();
  if (!known) {
    auto answer = ask_version(path);
    if (!answer) return tl::unexpected(std::move(answer).error().because("cannot ask " + path + " for its version"));
    output = *std::move(answer);
  }
  RuntimeFact fact = parse_version(*output);
  if (!known && fact.kind != RuntimeKind::other) remember(directory, key, *output);
  fact.path = path;
  return fact;
}

std::string version_text(const RuntimeFact& runtime) {
  const char* name = runtime.kind == RuntimeKind::crun ? "crun" : "runc";
  return fmt::format("{} {}.{}.{}", name, runtime.major, runtime.minor, runtime.patch);
}

}  // namespace hardened::host
