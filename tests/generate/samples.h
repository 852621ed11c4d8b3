// A training log by hand, and what it takes to make a profile of one.
#pragma once

#include <string>

#include "generate/propose.h"
#include "policy/extend.h"
#include "policy/load.h"
#include "runtime/known_names.h"

namespace hardened::testing {

inline constexpr char first_run[] = "0123456789abcdef0123456789abcdef";
inline constexpr char second_run[] = "fedcba9876543210fedcba9876543210";

// A run of a small server that saw every phase.
inline Json sample_run(const std::string& run = first_run, const std::string& started = "2026-03-01T12:00:00.000Z") {
  return Json::parse(R"({"version": 1, "run": ")" + run + R"(", "container": "c1", "image": "nginx:1.25",
    "image_digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "engine": "docker", "runtime": "runc 1.1.5", "kernel": "6.18.44", "architecture": "SCMP_ARCH_X86_64",
    "profile": "compat", "tier": "bpf", "started": ")" +
                     started + R"(", "ended": "2026-03-01T12:05:00.000Z",
    "phases": ["start", "serve", "stop", "exec"],
    "syscalls": {"SCMP_ARCH_X86_64": {"accept4": ["serve"], "brk": ["start"], "close": ["start", "serve", "exec"],
      "epoll_wait": ["serve"], "openat": ["start"], "read": ["start", "serve"], "setuid": ["start"],
      "socket": ["start"], "write": ["serve"]}},
    "arguments": [{"syscall": "socket", "index": 0, "values": [2, 10]}],
    "capabilities": [{"capability": "CAP_SETUID", "syscall": "setuid", "granted": true, "count": 2},
                     {"capability": "CAP_CHOWN", "syscall": "chown", "granted": false, "count": 1}],
    "writes": [{"path": "/var/cache/nginx/a", "kind": "file", "bytes": 100},
               {"path": "/run/nginx.pid", "kind": "file", "bytes": 4}],
    "peaks": {"memory": 50000000, "pids": 5, "cpu_ms": 120}, "complete": true})");
}

inline std::string as_line(const Json& run) {
  return run.dump() + "\n";
}

inline generate::Logs logs_of(const std::vector<Json>& runs) {
  generate::Logs logs;
  for (std::size_t i = 0; i < runs.size(); ++i)
    generate::add_log(logs, "run" + std::to_string(i) + ".jsonl", as_line(runs[i]));
  return logs;
}

inline generate::Evidence evidence_of(const std::vector<Json>& runs, const generate::Demands& demands = {}) {
  return generate::gather(logs_of(runs), demands).value();
}

inline const Profile& strict() {
  static const Profile profile = policy::built_in("strict", runtime::known_names()).value();
  return profile;
}

inline generate::Draft draft_of(const generate::Evidence& evidence, bool siblings = false) {
  return generate::propose(evidence, strict(), runtime::known_names(), {"web", siblings, "1.0"});
}

// The profile that `draft` stands for, as the runtime reads it: with `strict` below it.
inline Result<Profile> profile_of(const generate::Draft& draft) {
  TRY(document, policy::Document::parse("web.json", generate::rendered(draft)));
  const std::vector<std::string> names = {"strict", "web"};
  const auto base = policy::Document{"strict.json", "", strict().document};
  const policy::ProfileSource source{
      .read = [&](const std::string& name) -> Result<policy::Document> { return name == "web" ? document : base; },
      .is_shipped = [](const std::string& name) { return name == "strict"; }};
  return policy::resolve("web", source, {.known = &runtime::known_names(), .profiles = names, .waivers = {}});
}

}  // namespace hardened::testing
