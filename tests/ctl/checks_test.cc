#include "ctl/checks.h"

#include <set>

#include "catch.h"
#include "util/paths.h"

using namespace hardened;
using ctl::Health;
using host::RuntimeKind;

TEST_CASE("checks: a runtime is as good as the newest mistake mended in it") {
  struct Row {
    host::RuntimeFact runtime;
    Health health;
    const char* named;  // in the detail
  };
  const Row rows[] = {
      {{"/r", RuntimeKind::runc, 1, 1, 5}, Health::note, "CVE-2024-21626"},
      {{"/r", RuntimeKind::runc, 1, 1, 99}, Health::note, "older than 1.3.6"},
      {{"/r", RuntimeKind::runc, 1, 2, 7}, Health::note, "CVE-2025-31133"},
      {{"/r", RuntimeKind::runc, 1, 2, 8}, Health::note, "CVE-2026-41579"},
      {{"/r", RuntimeKind::runc, 1, 3, 2}, Health::note, "older than 1.3.6"},
      {{"/r", RuntimeKind::runc, 1, 3, 6}, Health::good, "runc 1.3.6 (/r)"},
      {{"/r", RuntimeKind::runc, 1, 4, 2}, Health::note, "older than 1.4.3"},
      {{"/r", RuntimeKind::runc, 1, 4, 3}, Health::good, "runc 1.4.3"},
      {{"/r", RuntimeKind::runc, 1, 5, 0}, Health::good, "runc 1.5.0"},
      {{"/r", RuntimeKind::runc, 2, 0, 0}, Health::good, "runc 2.0.0"},
      {{"/r", RuntimeKind::crun, 1, 8, 1}, Health::note, "CVE-2025-24965"},
      {{"/r", RuntimeKind::crun, 1, 20, 0}, Health::good, "crun 1.20.0"},
      {{"/r", RuntimeKind::crun, 1, 21, 0}, Health::good, "crun 1.21.0"},
      {{"/r", RuntimeKind::other, 0, 0, 0}, Health::bad, "neither runc nor crun"},
  };
  for (const Row& row : rows) {
    const ctl::Finding finding = ctl::judge_version(row.runtime);
    INFO(finding.detail);
    CHECK(finding.health == row.health);
    CHECK(finding.detail.find(row.named) != std::string::npos);
  }
}

TEST_CASE("checks: in daemon.json it is the program that counts, not the name of the runtime") {
  const std::string ours = std::string(paths::programs) + "/hardened-runtime";
  const auto judged = [](const std::string& text) { return ctl::judge_docker_config(text, "d").health; };
  CHECK(judged(R"({"runtimes":{"h":{"path":")" + ours + R"("}},"default-runtime":"h"})") == Health::good);
  CHECK(judged(R"({"runtimes":{"h":{"path":")" + ours + R"("}},"default-runtime":"runc"})") == Health::bad);
  CHECK(judged(R"({"runtimes":{"hardened":{"path":"/bin/runc"}},"default-runtime":"hardened"})") == Health::bad);
  CHECK(judged(R"({"runtimes":{"hardened":null,"x":{"path":1}},"default-runtime":"hardened"})") == Health::bad);
  const std::string trains = std::string(paths::programs) + "/hardened-train";
  CHECK(judged(R"({"runtimes":{"h":{"path":")" + trains + R"("}},"default-runtime":"h"})") == Health::bad);
  CHECK(judged("[]") == Health::bad);
  CHECK(ctl::judge_docker_config(std::nullopt, "d").health == Health::bad);
}

TEST_CASE("checks: buildkitd's worker names the program that runs a build's steps") {
  const std::string ours = "binary = \"" + std::string(paths::programs) + "/hardened-runtime\"\n";
  const auto judged = [](const std::string& text) { return ctl::judge_buildkit_config(text, "b").health; };
  CHECK(judged("debug = true\n[worker.oci]\n  enabled = true\n  " + ours + "[worker.containerd]\n") == Health::good);
  CHECK(judged("[ worker.oci ] # ours\n" + ours) == Health::good);
  CHECK(judged("[worker.oci]\nbinary = \"runc\"\n") == Health::bad);
  CHECK(judged("[worker.oci]\n# " + ours) == Health::bad);
  CHECK(judged("[worker.oci]\n[worker.containerd]\n" + ours) == Health::bad);
  CHECK(judged(ours) == Health::bad);
  CHECK(judged("") == Health::bad);
  const ctl::Finding none = ctl::judge_buildkit_config(std::nullopt, "/etc/buildkit/buildkitd.toml");
  CHECK(none.health == Health::note);
  CHECK(none.remedy.find("[worker.oci] with binary = \"") != std::string::npos);
}

TEST_CASE("checks: each has a name of its own") {
  std::set<std::string_view> ids;
  for (const ctl::Check& check : ctl::checks()) CHECK(ids.insert(check.id).second);
}
