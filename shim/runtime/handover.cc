#include "runtime/handover.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "state/key.h"
#include "util/paths.h"

namespace hardened::runtime {
namespace {

constexpr const char* usual[] = {"/usr/sbin/runc",      "/usr/bin/runc", "/usr/local/sbin/runc",
                                 "/usr/local/bin/runc", "/usr/bin/crun", "/usr/local/bin/crun"};

struct Kind {
  const char* default_root;  // where it keeps its containers when --root does not say
  const char* record;        // the file it keeps of each
  std::span<const char* const> places;
};
constexpr Kind kinds[] = {{"/run/runc", "state.json", std::span(usual).first<4>()},
                          {"/run/crun", "status", std::span(usual).last<2>()}};

bool is_same_file(const char* path, const struct stat& status) {
  struct stat other {};
  return ::stat(path, &other) == 0 && other.st_dev == status.st_dev && other.st_ino == status.st_ino;
}

unsigned long number_or_zero(const std::string& text) {
  unsigned long value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The descriptors the caller means for the container: --preserve-fds, and systemd's socket activation.
unsigned preserved_descriptors(const Invocation& invocation) {
  const char* listen = std::getenv("LISTEN_FDS");  // read as runc reads it: which descriptors to leave open
  constexpr unsigned long most = 1024;
  const unsigned long count =
      number_or_zero(invocation.flag("preserve-fds")) + number_or_zero(listen != nullptr ? listen : "");
  return static_cast<unsigned>(std::min(count, most));
}

void try_runtime(const std::string& path, char* const argv[]) {
  if (is_usable_runtime(path)) ::execve(path.c_str(), argv, environ);
}

// A program of ours that comes first skips itself, and where it is missing the runtime is named beside it.
void try_grant(const std::string& root, const std::string& id, char* const argv[]) {
  const std::string grant = state::grant_directory(paths::state, root, id) + "/";
  try_runtime(grant + state::runtime_link, argv);
  try_runtime(grant + state::behind_link, argv);
}

}  // namespace

std::span<const char* const> usual_runtimes() {
  return usual;
}

bool is_usable_runtime(const std::string& path) {
  struct stat status {};
  if (path.empty() || path.front() != '/' || ::stat(path.c_str(), &status) != 0) return false;
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0111U) == 0) return false;
  return !is_same_file("/proc/self/exe", status) && !is_same_file(paths::program, status);
}

std::string recorded_runtime(const std::string& root, const std::string& id) {
  for (const Kind& kind : kinds) {
    const std::string record = (root.empty() ? kind.default_root : root) + "/" + id + "/" + kind.record;
    if (::access(record.c_str(), F_OK) != 0) continue;
    for (const char* path : kind.places) {
      if (is_usable_runtime(path)) return path;
    }
  }
  return {};
}

Error pass_through(const Invocation& invocation, char* const argv[]) {
  const std::string root = invocation.global("root");
  const std::string id = invocation.id();
  if (!id.empty()) {
    if (!root.empty()) {
      try_grant(root, id, argv);
    } else {
      for (const Kind& kind : kinds) try_grant(kind.default_root, id, argv);
    }
    try_runtime(recorded_runtime(root, id), argv);
  }
  try_runtime(std::string(paths::state) + "/runtime", argv);
  for (const char* path : usual) try_runtime(path, argv);
  return Error{Code::io, "cannot find a low-level runtime: neither runc nor crun is where it usually is",
               "install runc, or name its absolute path in \"runtimes\" of the policy"};
}

Error become(const std::string& runtime, const Invocation& invocation, const std::vector<std::string>& arguments,
             std::optional<int> keep) {
  if (!is_usable_runtime(runtime))
    return Error{
        Code::io,
        "cannot run the low-level runtime " + runtime + ": it is missing, not executable, or this program itself",
        "name the absolute path of runc or crun in \"runtimes\" of the policy"};
  ::close_range(3 + preserved_descriptors(invocation), ~0U, CLOSE_RANGE_CLOEXEC);
  if (keep) ::fcntl(*keep, F_SETFD, 0);
  std::vector<char*> argv;
  argv.reserve(arguments.size() + 1);
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  ::execve(runtime.c_str(), argv.data(), environ);
  return fail_errno("cannot run the low-level runtime " + runtime, errno).value();
}

}  // namespace hardened::runtime
