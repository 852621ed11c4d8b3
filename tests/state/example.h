// A grant to store, and the directories it lives in.
#pragma once

#include <unistd.h>

#include "oci/spec.h"
#include "state/store.h"
#include "temporary.h"

namespace hardened::testing {

inline state::Grant example(const std::string& runtime_root, const std::string& id) {
  state::Grant grant;
  grant.runtime_root = runtime_root;
  grant.id = id;
  grant.runtime = "/usr/sbin/runc";
  grant.profile = Json::parse(R"({"name":"strict","capabilities":["CAP_NET_BIND_SERVICE"]})");
  grant.levels = {
      {"memory", policy::Level::clamp}, {"seccomp", policy::Level::off}, {"secret-env", policy::Level::warn}};
  grant.waivers = {{"engine-sockets", {"/var/run/docker.sock", "/run/*"}, "reads labels"}};
  grant.mode = policy::Mode::audit;
  grant.audit = {true, true};
  grant.policy_digest = "d1gest";
  grant.process = Json::parse(R"({"args":["sh"],"env":["A=\u00e9"],"user":{"uid":1000,"gid":1000}})");
  grant.resources = Json::parse(R"({"memory":{"limit":18446744073709551615},"pids":{"limit":128}})");
  grant.raised = Json::parse(R"({"pids":{"limit":256}})");
  grant.ids = {1073741824, 1073807360, 65536};
  grant.engine = "docker";
  grant.image = "nginx:1.25";
  grant.building = true;
  grant.approved = true;
  grant.creator = state::this_process().value();
  return grant;
}

// A creator that has certainly ended: the number is in use, but by a process that did not start at the first tick of
// the boot.
inline state::Process dead_process() {
  return {::getppid(), 1};
}

}  // namespace hardened::testing
