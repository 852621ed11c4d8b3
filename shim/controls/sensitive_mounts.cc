// Fields: /mounts/*/source. Allowed: what engines mount themselves, volumes, and directories of the host that hold
// neither its configuration, programs, devices nor secrets; reading is refused like writing.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <span>

#include "controls/bind_source.h"
#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"CIS Docker 1.6.0", "5.6"},
                                    {"OWASP Docker Top 10", "D04"},
                                    {"OWASP Docker Top 10", "D05"},
                                    {"Pod Security Standards", "hostPath"},
                                    {"NIST SP 800-190", "4.5.5"}};

// Directly in a home directory; a project's own ".docker" further down is no secret.
constexpr std::string_view secret_names[] = {".ssh",    ".aws",  ".azure", ".config", ".docker", ".gnupg",
                                             ".gcloud", ".kube", ".local", ".netrc",  ".pki",    ".password-store"};

std::optional<std::string> home_problem(const host::PathFact& source, const Facts& facts) {
  for (const host::SensitiveFact& sensitive : facts.sensitive) {
    if (sensitive.path != "/home") continue;
    const auto rest = rest_below(source, sensitive);
    if (!rest || rest->empty()) continue;
    const std::vector<std::string> parts = split(*rest, '/');
    if (parts.size() == 1) return "is a whole home directory, with its keys and credentials";
    if (std::find(std::begin(secret_names), std::end(secret_names), parts[1]) != std::end(secret_names))
      return "holds somebody's keys or credentials";
  }
  return std::nullopt;
}

// Whatever they are called and whoever mounted them ("docker volume create -o type=proc"): a file written there is an
// order to the host's kernel, such as the program it runs as root for every core dump.
constexpr std::string_view kernel_file_systems[] = {
    "binder",     "binfmt_misc", "bpf",       "cgroup",  "cgroup2", "configfs", "debugfs", "devpts",
    "devtmpfs",   "efivarfs",    "fusectl",   "mqueue",  "nfsd",    "proc",     "pstore",  "resctrl",
    "rpc_pipefs", "securityfs",  "selinuxfs", "smackfs", "sysfs",   "tracefs",  "xenfs"};
// They show directories of other file systems, and nothing tells which.
constexpr std::string_view layered_file_systems[] = {"aufs", "ecryptfs", "overlay", "unionfs"};

bool is_among(std::span<const std::string_view> names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// On a host that itself lies on an overlay everything does.
bool is_hosts_own(const host::PathFact& part, const Facts& facts) {
  return std::any_of(facts.sensitive.begin(), facts.sensitive.end(), [&part](const host::SensitiveFact& sensitive) {
    return sensitive.path == "/" && sensitive.fact.location.device == part.location.device;
  });
}

std::optional<std::string> file_system_problem(const host::PathFact& part, const Facts& facts) {
  if (is_among(kernel_file_systems, part.file_system))
    return fmt::format("is the kernel's own file system {}", part.file_system);
  if (is_among(layered_file_systems, part.file_system) && !facts.sensitive.empty() && !is_hosts_own(part, facts))
    return fmt::format("shows other directories of the host ({})", part.file_system);
  return std::nullopt;
}

// Of the host's root directory only directories are sensitive by name; a file there is a disk image, a kernel or swap.
bool is_in_root(const host::PathFact& source, const host::SensitiveFact& root) {
  const auto rest = rest_below(source, root);
  return S_ISREG(source.mode) && rest && !rest->empty() && rest->find('/') == std::string::npos;
}

std::optional<std::string> table_problem(const host::PathFact& source, bool allowed, const Facts& facts) {
  for (const host::SensitiveFact& sensitive : facts.sensitive) {
    if (sensitive.socket) continue;  // engine-sockets says it better
    if (sensitive.path == "/" && is_in_root(source, sensitive)) return "is a file in the root directory of the host";
    switch (relation(source, sensitive, allowed)) {
      case Relation::same:
        return fmt::format("is {} of the host", sensitive.path);
      case Relation::below:
        return fmt::format("lies below {} of the host", sensitive.path);
      case Relation::above:
        return fmt::format("contains {} of the host", sensitive.path);
      case Relation::none:
        break;
    }
  }
  constexpr const char* of_engine = "reaches into {}, where the engine keeps every container";
  for (const std::string& root : facts.graph_roots) {
    if (!allowed && (is_within(source.resolved, root) || is_within(root, source.resolved)))
      return fmt::format(of_engine, root);
  }
  // A volume made with "device=" is the engine's by its name, and anything by its place.
  for (const host::SensitiveFact& root : facts.engine_roots) {
    if (relation(source, root, allowed) != Relation::none) return fmt::format(of_engine, root.path);
  }
  return std::nullopt;
}

// What is wrong with a part of what a bind mount hands over, as the end of a sentence; nothing when it may be mounted.
std::optional<std::string> part_problem(const host::PathFact& part, bool allowed, const Facts& facts) {
  if (S_ISSOCK(part.mode)) return std::nullopt;  // engine-sockets judges every socket
  if (S_ISBLK(part.mode) || S_ISCHR(part.mode)) return "is a device of the host";
  if (part.resolved.empty()) return "is no file with a path";
  if (auto found = home_problem(part, facts)) return found;
  if (auto found = table_problem(part, allowed, facts)) return found;
  return file_system_problem(part, facts);
}

// What is wrong with the source of `mount`; nothing when it may be mounted.
std::optional<std::string> problem(const MountView& mount, const Policy& policy, const Facts& facts) {
  if (is_shared_ipc(mount, policy)) return std::nullopt;
  const host::PathFact* source = source_fact(mount, facts);
  if (source == nullptr) return fmt::format("the bind source {} does not exist", in_quotes(mount.source));
  const bool allowed = allowed_source(mount, *source, facts);
  for (const Handed& handed : handed_over(mount, *source)) {
    if (const auto found = part_problem(handed.fact, allowed, facts)) return handed.name + " " + *found;
  }
  return std::nullopt;
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  for (const MountView& mount : mounts_of(spec)) {
    if (!mount.bind) continue;
    if (auto found = problem(mount, policy, facts))
      verdict.refuse(mount.pointer() + "/source", std::move(*found), waivable(mount, facts));
  }
  return verdict;
}

}  // namespace

const Control sensitive_mounts = {
    .id = "sensitive-mounts",
    .title = "No sensitive directory of the host reaches the container, not even read-only",
    .rationale =
        "Reading /etc/shadow or writing /etc/cron.d through a bind mount takes the host over without any exploit.",
    .references = references,
    .owns = {},
    .evaluate = evaluate};

}  // namespace hardened::controls
