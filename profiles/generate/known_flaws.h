// What a filter is worth: against Docker's default, and against flaws of the kernel that were.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace hardened::generate {

struct Flaw {
  std::string cve, title;
  std::vector<std::string> calls;  // it was reached by any of them
};

// profiles/seccomp/cves.json, as built in.
[[nodiscard]] const std::vector<Flaw>& known_flaws();

// Those that a filter closes which lets only `allowed` through: it denies all calls of a flaw.
[[nodiscard]] std::vector<std::string> closed_flaws(const std::set<std::string>& allowed);

// What Docker's default profile lets through of the calls of `architecture` (profiles/seccomp/docker.json).
[[nodiscard]] std::set<std::string> allowed_by_docker(const std::string& architecture);

}  // namespace hardened::generate
