// What the tests of the file system controls share: a small host, specs around one mount, and a control run by itself.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <vector>

#include "catch.h"
#include "controls/control.h"
#include "controls/engine.h"
#include "host/sensitive.h"
#include "oci/spec.h"

namespace hardened::testing {

inline const std::string own = "/var/lib/docker/containers/0123";
constexpr std::uint64_t disk = 0x801;

// A file at `resolved` on the host's one disk, where its name says.
inline host::PathFact file_at(const std::string& resolved, mode_t mode = S_IFDIR | 0755) {
  static std::uint64_t inode = 1000;
  host::PathFact fact;
  fact.exists = true;
  fact.resolved = resolved;
  fact.identity = {disk, ++inode};
  fact.location = {disk, resolved};
  fact.mode = mode;
  fact.root_controlled = true;
  return fact;
}

// Docker's host: everything sensitive exists, /var/run leads to /run, /bin to /usr/bin; /run and /dev are their own.
inline Facts docker_host() {
  Facts facts;
  facts.workload.engine = Engine::docker;
  facts.engine_directory = own;
  facts.graph_roots = {"/var/lib/docker"};
  for (const host::SensitivePath& row : host::sensitive_paths()) {
    host::SensitiveFact sensitive{std::string(row.path), row.socket, row.subtree, file_at(std::string(row.path))};
    if (row.path == "/var/run") sensitive.fact = file_at("/run");
    if (row.path == "/bin") sensitive.fact = file_at("/usr/bin");
    const std::string& resolved = sensitive.fact.resolved;
    if (resolved.rfind("/run", 0) == 0) sensitive.fact.location = {0x18, resolved == "/run" ? "/" : resolved.substr(4)};
    if (resolved.rfind("/dev", 0) == 0) sensitive.fact.location = {0x06, resolved == "/dev" ? "/" : resolved.substr(4)};
    facts.sensitive.push_back(std::move(sensitive));
  }
  facts.runtime = {"/usr/sbin/runc", host::RuntimeKind::runc, 1, 1, 5};
  facts.kernel_major = 6;
  facts.kernel_minor = 1;
  return facts;
}

inline Json bind_mount(const std::string& source, const std::string& destination,
                       const std::vector<std::string>& options = {"rbind"}) {
  return {{"destination", destination}, {"type", "bind"}, {"source", source}, {"options", options}};
}

inline Spec spec_with(const Json& mount) {
  return Spec(Json{{"mounts", Json::array({mount})}});
}

inline std::vector<controls::Finding> findings(const controls::Control& control, const Spec& spec, const Policy& policy,
                                               const Facts& facts) {
  return control.evaluate(spec, policy, facts).findings();
}

// `spec` after every change `control` makes at the level clamp; it must then find nothing more to change.
inline Spec clamped(const controls::Control& control, const Spec& spec, const Policy& policy, const Facts& facts) {
  Spec after = spec;
  for (const controls::Finding& finding : findings(control, spec, policy, facts)) {
    if (!finding.clampable) continue;
    bool is_owned = false;
    for (const std::string_view pattern : control.owns) is_owned = is_owned || oci::owned(pattern, finding.change);
    INFO(finding.change.pointer);
    CHECK(is_owned);
    REQUIRE(after.apply(finding.change));
  }
  for (const controls::Finding& finding : findings(control, after, policy, facts)) {
    INFO(finding.change.pointer << " " << finding.reason);
    CHECK_FALSE(finding.clampable);
  }
  return after;
}

// `spec` after what `control` changes silently.
inline Spec tightened(const controls::Control& control, const Spec& spec, const Policy& policy, const Facts& facts) {
  Spec after = spec;
  for (const controls::Finding& finding : findings(control, spec, policy, facts)) {
    if (finding.kind == controls::Kind::tighten) REQUIRE(after.apply(finding.change));
  }
  return after;
}

// The subjects of the excesses `control` finds.
inline std::vector<std::string> subjects(const controls::Control& control, const Spec& spec, const Policy& policy,
                                         const Facts& facts) {
  std::vector<std::string> result;
  for (const controls::Finding& finding : findings(control, spec, policy, facts)) {
    if (finding.kind == controls::Kind::excess) result.push_back(finding.subject);
  }
  return result;
}

// The reason of the first excess; empty when there is none.
inline std::string refusal(const controls::Control& control, const Spec& spec, const Policy& policy,
                           const Facts& facts) {
  for (const controls::Finding& finding : findings(control, spec, policy, facts)) {
    if (finding.kind == controls::Kind::excess) return finding.reason;
  }
  return {};
}

inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline Spec read_spec(const std::string& name) {
  std::ifstream file(std::string(HARDENED_SOURCE_DIR) + "/tests/data/specs/" + name);
  return Spec(Json::parse(file));
}

// docker_host() with a fact for every bind source of `spec`, its root and the host's own files.
inline Facts facts_for(const Spec& spec) {
  Facts facts = docker_host();
  for (const Json& mount : spec.elements("/mounts")) {
    const std::string source = mount.value("source", "");
    if (source.empty() || source.front() != '/') continue;
    facts.paths[source] = file_at(source);
    if (source == "/usr/bin/docker-init") facts.paths[source].mode = S_IFREG | 0755;
    const std::size_t end = source.rfind("/hosts");
    if (end != std::string::npos) facts.engine_directory = source.substr(0, end);
  }
  const std::string root = spec.text("/root/path").value_or("");
  facts.paths[root] = file_at(root);
  return facts;
}

}  // namespace hardened::testing
