// Versions of engines and runtimes, and the flaws that were found in them (profiles/engines/cves.json). Pure.
#pragma once

#include <array>
#include <climits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hardened::ctl {

struct Version {
  std::array<int, 3> numbers{};
  int candidate = INT_MAX;    // of "1.0.0-rc95": 95; of a beta less than any; of a release more than any
  bool distribution = false;  // something else follows, as in "1.1.5+ds1": it may hold patches that its number lacks
  auto operator<=>(const Version& other) const {
    return std::pair(numbers, candidate) <=> std::pair(other.numbers, other.candidate);
  }
  bool operator==(const Version& other) const { return (*this <=> other) == 0; }
};

// The first version that `text` names: "1.2.0-rc.3", "20.10.24+dfsg1", "crun version 1.20".
[[nodiscard]] std::optional<Version> version_in(std::string_view text);

struct EngineFlaw {
  std::string program;  // "runc", "crun", "containerd" or "dockerd"
  std::string cve, title;
  Version from;                // the first with it
  std::vector<Version> fixed;  // the first without it of each series that was mended, ascending
  std::vector<std::string> fixed_names;
};

[[nodiscard]] const std::vector<EngineFlaw>& engine_flaws();

// The flaws of `program` in `version`, as their numbers tell.
[[nodiscard]] std::vector<const EngineFlaw*> flaws_of(std::string_view program, const Version& version);

// "CVE-2024-21626, CVE-2024-45310".
[[nodiscard]] std::string names_of(const std::vector<const EngineFlaw*>& flaws);

// The first version without any of `flaws`, for who runs `version`; empty without flaws.
[[nodiscard]] std::string first_without(const std::vector<const EngineFlaw*>& flaws, const Version& version);

}  // namespace hardened::ctl
