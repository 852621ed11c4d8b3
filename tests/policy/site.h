// A machine's /etc/hardened in a directory of its own, and the names the policy may use there.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "policy/load.h"

namespace site {

using hardened::Policy;
using hardened::Result;
using hardened::Workload;

inline const std::vector<std::string> control_ids = {"capabilities", "secret-env", "sensitive-mounts"};
inline const std::vector<std::string> capability_names = {
    "CAP_CHOWN",  "CAP_DAC_OVERRIDE",     "CAP_FOWNER",  "CAP_KILL",      "CAP_SETGID",
    "CAP_SETUID", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"};
inline const std::vector<std::string> socket_families = {"AF_INET", "AF_INET6", "AF_NETLINK", "AF_UNIX"};
inline const std::vector<std::string> syscall_groups = {"@file", "@network"};

inline hardened::policy::Known known() {
  return {.controls = control_ids,
          .capabilities = capability_names,
          .socket_families = socket_families,
          .syscall_groups = syscall_groups,
          .is_syscall = [](std::string_view name) { return name == "read" || name == "write" || name == "ptrace"; }};
}

class Site {
 public:
  explicit Site(hardened::policy::Known names = known()) : known_(std::move(names)) {
    char name[] = "/tmp/hardened-policy-XXXXXX";
    root_ = ::mkdtemp(name);
    std::filesystem::create_directory(root_ + "/profiles.d");
    ::chmod((root_ + "/profiles.d").c_str(), 0755);
  }
  ~Site() { std::filesystem::remove_all(root_); }
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  [[nodiscard]] const std::string& root() const { return root_; }
  // `name` is relative: "policy.json", "profiles.d/nginx.json".
  Site& write(const std::string& name, const std::string& text) {
    std::ofstream(root_ + "/" + name) << text;
    ::chmod((root_ + "/" + name).c_str(), 0644);
    return *this;
  }

  [[nodiscard]] Result<Policy> load(const Workload& workload = {}, std::string_view program = "hardened-runtime",
                                    const std::string& today = "2026-03-01") const {
    return hardened::policy::load(workload, program, today, known_, {root_ + "/policy.json", root_ + "/profiles.d"});
  }

  // The error of load() with the site's directory cut out; "loaded" when there is none.
  [[nodiscard]] std::string error(const Workload& workload = {}) const {
    const auto loaded = load(workload);
    if (loaded) return "loaded";
    std::string message = loaded.error().message;
    for (std::size_t at = message.find(root_); at != std::string::npos; at = message.find(root_)) {
      message.erase(at, message[at + root_.size()] == '/' ? root_.size() + 1 : root_.size());
    }
    return message;
  }

 private:
  hardened::policy::Known known_;
  std::string root_;
};

inline Workload image(const std::string& name, const std::string& digest = {}) {
  Workload workload;
  workload.image = name;
  workload.image_digest = digest;
  return workload;
}

}  // namespace site
