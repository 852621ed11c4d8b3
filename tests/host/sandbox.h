// Tests on the real kernel that leave the machine as it was: everything happens in a child process with a mount
// namespace of its own, where /mnt and /var/lib are empty file systems that only root controls.
#pragma once

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "catch.h"
#include "util/fd.h"
#include "util/file.h"

namespace sandbox {

// Runs `body` in a child process; what it returns (nothing: all is well) or how the child died.
inline std::string in_child(const std::function<std::string()>& body) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string said;
    try {
      said = body();
    } catch (const std::exception& thrown) {  // must not reach Catch, which would run the other tests in this child
      said = thrown.what();
    }
    (void)hardened::write_all(ends[1], said, "report");
    ::_exit(said.empty() ? 0 : 1);
  }
  hardened::Fd writing(ends[1]);
  writing = hardened::Fd();
  const hardened::Fd reading(ends[0]);
  const auto said = hardened::read_all(reading.get(), 65536, "report");
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return said && !said->empty() ? *said : "the child ended with status " + std::to_string(status);
}

inline std::string enter() {
  if (::unshare(CLONE_NEWNS) != 0) return "no mount namespace";
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return "mounts are not private";
  for (const char* directory : {"/mnt", "/var/lib"}) {
    if (::mount("tmpfs", directory, "tmpfs", 0, "mode=0755") != 0) return "no tmpfs";
  }
  return {};
}

inline void run(const std::function<std::string()>& body) {
  if (::geteuid() != 0) {
    WARN("skipped: mount namespaces need root");
    return;
  }
  const std::string said = in_child([&body] {
    const std::string failed = enter();
    return failed.empty() ? body() : failed;
  });
  INFO(said);
  CHECK(said.empty());
}

inline void make_directory(const std::string& path, mode_t mode = 0755) {
  (void)hardened::make_directories(path, 0755);
  (void)::chmod(path.c_str(), mode);
}

inline void write_file(const std::string& path, const std::string& text, mode_t mode = 0644) {
  make_directory(path.substr(0, path.rfind('/')));
  std::ofstream(path) << text;
  (void)::chmod(path.c_str(), mode);
}

inline std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline bool bind(const std::string& from, const std::string& to) {
  return ::mount(from.c_str(), to.c_str(), nullptr, MS_BIND, nullptr) == 0;
}

}  // namespace sandbox

// Ends the body of a sandboxed test with a sentence about what does not hold.
#define EXPECT(...) \
  if (!(__VA_ARGS__)) return std::string(__FILE__) + ":" + std::to_string(__LINE__) + ": " + #__VA_ARGS__
