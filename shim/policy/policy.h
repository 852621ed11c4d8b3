// The rules in force for one container: plain structs, filled by load.h. One word per thing: a *profile* says what a
// kind of workload may have; the *policy* selects a profile, sets how strictly each control acts, and holds the
// waivers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/json.h"

namespace hardened::policy {

enum class Mode {
  enforce,
  audit,  // decide and log, change nothing
};

// What a control does about a user's excess; what the engine put there by default is tightened at every level but off.
enum class Level {
  enforce,  // refuse
  clamp,    // cut down to what the policy allows
  warn,     // leave it, record it
  off,      // the control is not evaluated
};

enum class Rootfs {
  read_only,
  ephemeral,   // writes go to a size-capped tmpfs and are gone at exit
  persistent,  // the engine's own writable layer
};

enum class RootUser { allow, refuse, run_as };

struct UserNamespace {
  bool own = false;            // "mode": "private" or "host"
  std::uint32_t size = 65536;  // ids
  bool may_lack = false;       // "unavailable": "host" or "refuse": where the host can give none
  bool plain_mounts = false;   // "unmappable_mounts": "plain" or "refuse": of file systems without idmapped mounts
  bool operator==(const UserNamespace&) const = default;
};

// A resource: what a container gets that asks for nothing, and the most it may ask for.
template <typename T>
struct Limit {
  T fallback{};  // "default" in the file
  T max{};
  bool operator==(const Limit&) const = default;
};

struct Writable {
  std::string path;                // absolute and clean
  std::uint64_t size = 64U << 20;  // bytes
  bool operator==(const Writable&) const = default;
};

struct Seccomp {
  std::vector<std::string> allow;            // system calls and "@group"s (profiles/seccomp/groups.json)
  std::vector<std::string> deny;             // the same; answered with `errno`, and stronger than allow
  std::string denied = "EPERM";              // "errno": the answer to a denied call
  std::string unknown = "ENOSYS";            // the answer to a call neither allowed nor denied
  std::vector<std::string> socket_families;  // "AF_INET", …
  bool compat_architectures = false;         // also the 32-bit ABIs of this machine
  bool operator==(const Seccomp&) const = default;
};

struct Limits {
  Limit<std::uint64_t> memory;  // bytes
  Limit<std::uint64_t> pids;    // tasks
  Limit<double> cpu;            // cores
  Limit<std::uint64_t> shm;     // bytes, of /dev/shm
  Limit<std::uint64_t> tmpfs;   // bytes, of each other tmpfs
  Limit<std::uint64_t> nofile;  // RLIMIT_NOFILE
  Limit<std::uint64_t> nproc;   // RLIMIT_NPROC
  bool operator==(const Limits&) const = default;
};

// How training mode learns of system calls.
struct Recorder {
  std::string tier;                  // "bpf", "audit"; empty: by BPF programs where the kernel takes them
  std::uint64_t buffer = 16U << 20;  // bytes of audit records that may wait to be read
  bool operator==(const Recorder&) const = default;
};

struct Profile {
  std::string name;
  std::vector<std::string> capabilities;  // "CAP_NET_BIND_SERVICE", known to capabilities(7)
  Seccomp seccomp;
  Rootfs rootfs = Rootfs::read_only;
  std::uint64_t rootfs_size = 256U << 20;  // bytes; of the tmpfs an ephemeral rootfs writes to
  std::vector<Writable> writable;
  Limits limits;
  UserNamespace user_namespace;
  RootUser root_user = RootUser::allow;
  std::uint32_t run_as_uid = 65534;
  std::uint32_t run_as_gid = 65534;
  std::vector<std::string> groups;       // host group names a process may carry besides its own
  std::vector<std::string> devices;      // paths of host devices a container may be given
  std::vector<std::string> sysctls;      // beyond the Pod Security Standard's safe list
  std::vector<std::string> namespaces;   // "network", "pid", "ipc", "uts", "cgroup": may be the host's
  std::vector<std::string> hooks;        // absolute paths, globs
  std::vector<std::string> annotations;  // kept although dangerous; globs
  bool training = false;                 // what the container uses is recorded (hooks/record)
  Recorder recorder;
  bool attest = false;  // what it is given is compared with the grant at its start (hooks/attest)
  Json document;        // the merged profile as loaded; kept in the grant
  bool operator==(const Profile&) const = default;
};

struct Waiver {
  std::string control;             // control id
  std::vector<std::string> allow;  // globs of the offending value
  std::string reason;              // mandatory
  bool operator==(const Waiver&) const = default;
};

struct AuditLog {
  bool refuse_when_unwritable = false;  // "when_unwritable": "refuse" | "continue"
  bool syslog = false;                  // "also": ["syslog"]; journald reads the same socket
  bool operator==(const AuditLog&) const = default;
};

struct Policy {
  Mode mode = Mode::enforce;
  std::vector<std::string> runtimes;  // absolute paths, first that exists; empty: the usual places
  Profile profile;
  std::map<std::string, Level, std::less<>> levels;  // by control id; absent: enforce
  std::vector<Waiver> waivers;                       // those for this workload, none expired
  std::vector<std::string> images;                   // approved images: globs of name, or of name@digest; empty: any
  AuditLog audit;
  std::string digest;  // SHA-256 of the policy file, the merged profile and the version of this program

  bool operator==(const Policy&) const = default;
  [[nodiscard]] Level level(std::string_view control) const {
    const auto found = levels.find(control);
    return found == levels.end() ? Level::enforce : found->second;
  }
};

}  // namespace hardened::policy

namespace hardened {
using policy::Policy;
using policy::Profile;
}  // namespace hardened
