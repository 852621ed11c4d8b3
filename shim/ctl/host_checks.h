// hardenctl doctor --host: the tables of what is asked of a host and its engines. They are from the CIS Docker
// Benchmark 1.6.0 (sections 1 to 4, by its automated form, docker-bench-security), the OWASP Docker Top 10, the OWASP
// Docker Security Cheat Sheet, and the OWASP Developer Guide's dos and don'ts of container security.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ctl/checks.h"
#include "ctl/host.h"

namespace hardened::ctl {

// good: passed; bad: failed; not_here: not applicable, and why; note: it cannot be told, and what to look into.
struct HostFinding {
  std::string id;          // stable: scripts select by it
  std::string statement;   // true when all is well
  std::string references;  // "CIS Docker 1.6.0 3.1, 3.2"
  Finding finding;
};

// One question that a function answers.
struct HostCheck {
  std::string_view id, statement, references;
  Finding (*look)(const Host&);
};

// Owners and modes of files, in the table's order.
[[nodiscard]] std::vector<HostFinding> look_at_files(const Host& host);
// dockerd's settings.
[[nodiscard]] std::vector<HostFinding> look_at_settings(const Host& host);
// What auditd watches.
[[nodiscard]] std::vector<HostFinding> look_at_watches(const Host& host);
// Partition, group, kernel, content trust, and versions against known flaws.
[[nodiscard]] std::vector<HostFinding> look_at_machine(const Host& host);

// All of them.
[[nodiscard]] std::vector<HostFinding> look_at_host(const Host& host);

// What the sources ask of hosts and images that no file of the host can tell, a sentence each.
[[nodiscard]] std::vector<std::string> not_looked_at();

// What is known of `text`, which `program` says of its version. Pure.
[[nodiscard]] Finding judge_program(const std::string& program, const std::string& text);

}  // namespace hardened::ctl
