// Gathers the facts for one call. With the files beside it the only reader of /proc, /sys, /etc/group and of the host
// paths a spec names.
#pragma once

#include <map>
#include <string>

#include "host/facts.h"
#include "host/mount_table.h"
#include "oci/json.h"
#include "util/fd.h"
#include "util/paths.h"
#include "util/result.h"

namespace hardened::host {

struct Request {
  Operation operation = Operation::create;
  std::string id;            // the container id on the command line
  std::string runtime_path;  // the low-level runtime, absolute
  std::string runtime_root;  // --root of the command line; may be empty
  int bundle = -1;           // descriptor of the bundle directory (create); relative paths of the spec start there
  std::string state = paths::state;
};

struct Probe {
  Facts facts;
  // The bind sources, by the spec's own spelling, as they were judged: O_PATH descriptors to mount from.
  std::map<std::string, Fd> sources;
  Fd root;  // root.path (O_PATH); not valid where there is none
  // The options of the file system mounted at root.path (mountinfo's, escaped); empty where none is.
  std::string root_options;
  MountTable mounts;  // of this mount namespace, from after all of these were opened
};

// `spec` is config.json on create, {"process": …} on exec, {"linux": {"resources": …}} on update. Everything in Facts
// is filled in but unknown_members and granted_*, which the caller has; on exec and update the workload is the id only
// (the rest is in the grant). Errors (Code::io): the mount table cannot be read; a bind source that exists but lies in
// no mount of this mount namespace (/proc/PID/root/…, /proc/PID/ns/…): no control could tell what it is.
[[nodiscard]] Result<Probe> probe(const Json& spec, const Request& request);

}  // namespace hardened::host
