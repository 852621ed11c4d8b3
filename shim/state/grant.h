// What a container was granted at create: exec and update are cut down to it, whatever the policy says by then.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "kernel/user_namespace.h"
#include "oci/json.h"
#include "policy/policy.h"
#include "state/process.h"
#include "util/result.h"

namespace hardened::state {

struct Grant {
  std::string runtime_root;  // the runtime's --root: absolute, clean
  std::string id;            // the container's
  std::string runtime;       // absolute path of the runtime that made it

  Json profile;  // Profile::document in force, its capabilities replaced by the bounding set that was granted
  std::map<std::string, policy::Level, std::less<>> levels;
  std::vector<policy::Waiver> waivers;
  policy::Mode mode = policy::Mode::enforce;
  policy::AuditLog audit;
  std::string policy_digest;

  Json process;           // /process of the spec handed on
  Json resources;         // /linux/resources of the spec handed on
  Json raised;            // those of its limits that accepted updates have raised since, at their widest; null: none
  kernel::IdMapping ids;  // of its user namespace; no size where it has none of its own
  std::string engine;
  std::string image;
  bool building = false;  // a step of an image's build
  bool approved = false;  // the policy lists the images that may run, and this is one

  // The program of ours that stands between the container and its runtime, where what it uses is recorded or what it is
  // given is attested: start, kill and delete are handed to it. Empty: none. Not part of encode(), as below.
  std::string stand_in;

  // Who called create. It becomes the runtime by execve, so until the runtime has made its own record of the container,
  // this process being alive is what keeps the grant. Not part of encode(): load() leaves it empty.
  Process creator;
};

[[nodiscard]] std::string encode(const Grant& grant);

// Errors: not what encode() writes (Code::io, or Code::syntax). `name` is used in errors only.
[[nodiscard]] Result<Grant> decode(const std::string& text, const std::string& name);

}  // namespace hardened::state
