#include "host/runtime_version.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>

#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_output = 4096;  // bytes
constexpr std::chrono::seconds patience{5};

std::optional<std::string> cache_key(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
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

// Starts `path` --version with `output` as its standard output; nothing else of ours is inherited.
std::optional<pid_t> start(const std::string& path, int output) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  std::string program = path;
  std::string option = "--version";
  char* const arguments[] = {program.data(), option.data(), nullptr};
  char* const environment[] = {nullptr};
  pid_t child = -1;
  const int error = ::posix_spawn(&child, path.c_str(), &actions, nullptr, arguments, environment);
  posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? std::optional(child) : std::nullopt;
}

// What comes out of `fd` until its end, the limit or the deadline.
std::string read_until_deadline(int fd) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string output;
  while (output.size() < largest_output) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd waiting{fd, POLLIN, 0};
    const int ready = left.count() > 0 ? ::poll(&waiting, 1, static_cast<int>(left.count())) : 0;
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return {};
    char buffer[1024];
    const ssize_t count = ::read(fd, buffer, sizeof buffer);
    if (count <= 0) break;
    output.append(buffer, static_cast<std::size_t>(count));
  }
  return output;
}

std::string ask(const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const Fd reading(ends[0]);
  Fd writing(ends[1]);
  const auto child = start(path, writing.get());
  writing = Fd();
  if (!child) return {};
  std::string output = read_until_deadline(reading.get());
  ::kill(*child, SIGKILL);  // all that was wanted has been read; it must not outlive us
  while (::waitpid(*child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return output;
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
  auto file = AtomicFile::beside(opened->get(), name);
  if (file && file->write(output)) (void)file->commit();
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

RuntimeFact runtime_version(const std::string& path, const std::string& state) {
  RuntimeFact fact;
  if (const auto key = cache_key(path)) {
    const std::string directory = state + "/runtimes";
    const auto known = cached(directory + "/" + *key);
    const std::string output = known ? *known : ask(path);
    fact = parse_version(output);
    if (!known && fact.kind != RuntimeKind::other) remember(directory, *key, output);
  }
  fact.path = path;
  return fact;
}

}  // namespace hardened::host
