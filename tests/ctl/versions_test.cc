#include "ctl/versions.h"

#include <set>

#include "catch.h"
#include "ctl/host_checks.h"

using namespace hardened;
using ctl::Health;
using ctl::Version;
using ctl::version_in;

TEST_CASE("versions: what programs and distributions say of themselves") {
  struct Row {
    const char* text;
    std::array<int, 3> numbers;
    bool candidate, distribution;
  };
  const Row rows[] = {
      {"runc version 1.1.5+ds1", {1, 1, 5}, false, true},
      {"runc version 1.0.0~rc93+ds1", {1, 0, 0}, true, true},
      {"runc version 1.2.0-rc.3", {1, 2, 0}, true, false},
      {"crun version 1.20", {1, 20, 0}, false, false},
      {"Docker version 20.10.24+dfsg1, build 297e128", {20, 10, 24}, false, true},
      {"Docker version 28.3.3, build 980b856", {28, 3, 3}, false, false},
      {"containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u2", {1, 6, 20}, false, true},
      {"containerd github.com/containerd/containerd/v2 v2.1.5 fcd43222d6b0", {2, 1, 5}, false, false},
      {"runc version 1.1.12-0ubuntu2~22.04.1", {1, 1, 12}, false, true},
  };
  for (const Row& row : rows) {
    INFO(row.text);
    const auto version = version_in(row.text);
    REQUIRE(version);
    CHECK(version->numbers == row.numbers);
    CHECK((version->candidate != INT_MAX) == row.candidate);
    CHECK(version->distribution == row.distribution);
  }
  for (const char* none : {"", "unknown", "build 7", "v2", "99999999999.1", "."}) CHECK_FALSE(version_in(none));
}

TEST_CASE("versions: betas come before candidates, and these before the release") {
  const char* ascending[] = {"1.0.0-beta.2", "1.0.0-rc2", "1.0.0-rc.10", "1.0.0-rc95", "1.0.0", "1.0.1-rc1", "1.1"};
  for (std::size_t i = 0; i + 1 < std::size(ascending); ++i)
    CHECK(*version_in(ascending[i]) < *version_in(ascending[i + 1]));
  CHECK(*version_in("1.2.0-rc.3") == *version_in("1.2.0~rc3"));
}

namespace {

bool has(const char* program, const char* version, const std::string& cve) {
  for (const ctl::EngineFlaw* flaw : ctl::flaws_of(program, *version_in(version))) {
    if (flaw->cve == cve) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("versions: a flaw ends with the fix of its series, or of the next one") {
  CHECK(has("runc", "1.1.11", "CVE-2024-21626"));
  CHECK_FALSE(has("runc", "1.1.12", "CVE-2024-21626"));
  CHECK(has("runc", "1.0.0-rc93", "CVE-2024-21626"));
  CHECK_FALSE(has("runc", "1.0.0-rc92", "CVE-2024-21626"));  // it came with rc93
  CHECK(has("runc", "1.1.99", "CVE-2025-31133"));            // 1.1 was not mended
  CHECK(has("runc", "1.3.2", "CVE-2025-31133"));
  CHECK_FALSE(has("runc", "1.2.8", "CVE-2025-31133"));
  CHECK_FALSE(has("runc", "1.5.0", "CVE-2025-31133"));
  CHECK(has("runc", "1.0.0-rc94", "CVE-2021-30465"));
  CHECK_FALSE(has("runc", "1.0.0-rc95", "CVE-2021-30465"));
  CHECK(has("containerd", "1.4.2", "CVE-2020-15257"));
  CHECK_FALSE(has("containerd", "1.3.9", "CVE-2020-15257"));
  CHECK(has("dockerd", "20.10.24", "CVE-2024-41110"));
  CHECK(has("dockerd", "27.1.0", "CVE-2024-41110"));
  CHECK_FALSE(has("dockerd", "28.0.0", "CVE-2024-41110"));
  CHECK_FALSE(has("dockerd", "28.1.0", "CVE-2025-54388"));
  CHECK(has("crun", "1.19", "CVE-2025-24965"));
  CHECK_FALSE(has("crun", "1.20", "CVE-2025-24965"));
  CHECK_FALSE(has("gvisor", "1.0", "CVE-2025-24965"));
}

// A row a flaw: by each a program was ill, and from when on it is not. It repeats the data on purpose: a version that
// is mistyped there is not mistyped here.
TEST_CASE("versions: every flaw is told of the version before its fix, and not of the fix") {
  struct Row {
    const char *program, *cve, *ill, *mended;
  };
  const Row rows[] = {
      {"containerd", "CVE-2020-15157", "1.2.13", "1.2.14"},  {"containerd", "CVE-2020-15257", "1.3.8", "1.3.9"},
      {"containerd", "CVE-2021-32760", "1.4.7", "1.4.8"},    {"containerd", "CVE-2021-41103", "1.4.10", "1.4.11"},
      {"containerd", "CVE-2021-43816", "1.5.8", "1.5.9"},    {"containerd", "CVE-2022-23471", "1.5.15", "1.5.16"},
      {"containerd", "CVE-2022-23648", "1.4.12", "1.4.13"},  {"containerd", "CVE-2022-31030", "1.5.12", "1.5.13"},
      {"containerd", "CVE-2023-25153", "1.5.17", "1.5.18"},  {"containerd", "CVE-2023-25173", "1.5.17", "1.5.18"},
      {"containerd", "CVE-2024-25621", "1.7.28", "1.7.29"},  {"containerd", "CVE-2024-40635", "1.6.37", "1.6.38"},
      {"containerd", "CVE-2025-47290", "2.1.0", "2.1.1"},    {"containerd", "CVE-2025-47291", "2.0.4", "2.0.5"},
      {"containerd", "CVE-2025-64329", "1.7.28", "1.7.29"},  {"containerd", "CVE-2026-53488", "1.7.32", "1.7.33"},
      {"crun", "CVE-2022-27650", "1.4.3", "1.4.4"},          {"crun", "CVE-2025-24965", "1.19.0", "1.20"},
      {"dockerd", "CVE-2019-14271", "19.03.0", "19.03.1"},   {"dockerd", "CVE-2021-41089", "20.10.8", "20.10.9"},
      {"dockerd", "CVE-2021-41091", "20.10.8", "20.10.9"},   {"dockerd", "CVE-2022-24769", "20.10.13", "20.10.14"},
      {"dockerd", "CVE-2022-36109", "20.10.17", "20.10.18"}, {"dockerd", "CVE-2023-28840", "20.10.23", "20.10.24"},
      {"dockerd", "CVE-2023-28841", "20.10.23", "20.10.24"}, {"dockerd", "CVE-2023-28842", "20.10.23", "20.10.24"},
      {"dockerd", "CVE-2024-24557", "24.0.8", "24.0.9"},     {"dockerd", "CVE-2024-29018", "25.0.4", "25.0.5"},
      {"dockerd", "CVE-2024-32473", "26.0.1", "26.0.2"},     {"dockerd", "CVE-2024-41110", "19.03.15", "19.03.16"},
      {"dockerd", "CVE-2025-54388", "28.3.2", "28.3.3"},     {"dockerd", "CVE-2025-54410", "25.0.12", "25.0.13"},
      {"runc", "CVE-2019-5736", "1.0.0-rc6", "1.0.0-rc7"},   {"runc", "CVE-2019-16884", "1.0.0-rc8", "1.0.0-rc9"},
      {"runc", "CVE-2019-19921", "1.0.0-rc9", "1.0.0-rc10"}, {"runc", "CVE-2021-30465", "1.0.0-rc94", "1.0.0-rc95"},
      {"runc", "CVE-2022-29162", "1.1.1", "1.1.2"},          {"runc", "CVE-2023-25809", "1.1.4", "1.1.5"},
      {"runc", "CVE-2023-27561", "1.1.4", "1.1.5"},          {"runc", "CVE-2023-28642", "1.1.4", "1.1.5"},
      {"runc", "CVE-2024-21626", "1.1.11", "1.1.12"},        {"runc", "CVE-2024-45310", "1.1.13", "1.1.14"},
      {"runc", "CVE-2025-31133", "1.2.7", "1.2.8"},          {"runc", "CVE-2025-52565", "1.2.7", "1.2.8"},
      {"runc", "CVE-2025-52881", "1.2.7", "1.2.8"},          {"runc", "CVE-2026-41579", "1.3.5", "1.3.6"},
  };
  CHECK(std::size(rows) == ctl::engine_flaws().size());
  for (const Row& row : rows) {
    INFO(row.program << " " << row.cve);
    CHECK(has(row.program, row.ill, row.cve));
    CHECK_FALSE(has(row.program, row.mended, row.cve));
  }
}

TEST_CASE("versions: the version to go to is free of all that was found") {
  for (const char* version : {"1.0.0-rc5", "1.0.3", "1.1.5", "1.2.7", "1.3.2"}) {
    const auto flaws = ctl::flaws_of("runc", *version_in(version));
    REQUIRE_FALSE(flaws.empty());
    CHECK(ctl::flaws_of("runc", *version_in(ctl::first_without(flaws, *version_in(version)))).empty());
  }
  CHECK(ctl::first_without({}, Version{}).empty());
}

TEST_CASE("versions: the data names every flaw once, with versions that can be read, in order") {
  std::set<std::string> seen;
  for (const ctl::EngineFlaw& flaw : ctl::engine_flaws()) {
    INFO(flaw.cve);
    CHECK(seen.insert(flaw.program + flaw.cve).second);
    CHECK((flaw.program == "runc" || flaw.program == "crun" || flaw.program == "containerd" ||
           flaw.program == "dockerd"));
    CHECK(flaw.cve.starts_with("CVE-20"));
    CHECK_FALSE(flaw.title.empty());
    REQUIRE_FALSE(flaw.fixed.empty());
    CHECK(flaw.from < flaw.fixed.front());
    CHECK(std::is_sorted(flaw.fixed.begin(), flaw.fixed.end()));
    for (const std::string& name : flaw.fixed_names) CHECK(version_in(name).has_value());
  }
  CHECK(seen.size() >= 40);
}

TEST_CASE("versions: who built it decides whether a number is proof") {
  CHECK(ctl::judge_program("runc", "runc version 1.1.5").health == Health::bad);
  CHECK(ctl::judge_program("runc", "runc version 1.1.5+ds1").health == Health::note);
  CHECK(ctl::judge_program("runc", "runc version 1.4.3").health == Health::good);
  CHECK(ctl::judge_program("runc", "").health == Health::note);
  const auto finding = ctl::judge_program("dockerd", "Docker version 20.10.8, build 1");
  CHECK(finding.detail.find("CVE-2021-41091") != std::string::npos);
  CHECK(finding.remedy == "update dockerd");
}
