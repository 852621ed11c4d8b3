// What hardenctl doctor looks at: one row a check.
#pragma once

#include <CLI/CLI.hpp>
#include <span>
#include <string>
#include <string_view>

#include "host/facts.h"
#include "policy/load.h"

namespace hardened::ctl {

// not_here: the check has no object on this host (no Docker, no AppArmor).
enum class Health { good, bad, note, not_here };

struct Finding {
  Health health = Health::not_here;
  std::string detail;  // one sentence without a full stop
  std::string remedy;  // bad and note: what to do about it; may be empty
};

// Where to look; the defaults are this host's.
struct Places {
  policy::Locations policy;
  std::string docker_config = "/etc/docker/daemon.json";
  std::string docker_socket = "/run/docker.sock";
  std::string docker_data = "/var/lib/docker";
  std::string buildkit_config = "/etc/buildkit/buildkitd.toml";
  std::string etc = "/etc";
  std::string audit_log = paths::audit_log;
};

// The options that fill them.
void add_places(CLI::App& command, Places& places);

struct Check {
  std::string_view id;        // stable: scripts select by it
  std::string_view question;  // what is asked, as a statement that is true when all is well
  Finding (*look)(const Places&, const Facts& machine);
};

// In the order they are told.
[[nodiscard]] std::span<const Check> checks();

// What is known of a runtime's version: whether one with its mistakes mended is out. Pure.
[[nodiscard]] Finding judge_version(const host::RuntimeFact& runtime);

// What daemon.json (`text`; nothing: there is none) makes of us. Pure. `name` is used in messages only.
[[nodiscard]] Finding judge_docker_config(const std::optional<std::string>& text, const std::string& name);

// Whether buildkitd, configured by `text` (nothing: there is no such file), runs a build's steps by us. Pure.
[[nodiscard]] Finding judge_buildkit_config(const std::optional<std::string>& text, const std::string& name);

}  // namespace hardened::ctl
