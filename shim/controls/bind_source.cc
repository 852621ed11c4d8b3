#include "controls/bind_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <span>

#include "util/text.h"

namespace hardened::controls {
namespace {

// Below a graph root, and where in the container it belongs (empty: anywhere); elsewhere it is somebody's way to write
// another container's names. "*" is any one component, a last "**" anything from there on.
struct EnginePlace {
  std::string_view path;
  std::string_view destination;
};
constexpr EnginePlace engine_places[] = {
    {"volumes/*/_data/**", ""},             // Docker, Podman: named volumes
    {"plugins/*/propagated-mount/**", ""},  // Docker: volumes of plugins
    {"containers/*/hosts", "/etc/hosts"},   // Docker: also those of the container whose network is shared
    {"containers/*/hostname", "/etc/hostname"},
    {"containers/*/resolv.conf", "/etc/resolv.conf"},
    {"containers/*/mounts/shm", "/dev/shm"},                // Docker: --ipc shareable, and container:X
    {"overlay-containers/*/userdata/hosts", "/etc/hosts"},  // Podman, CRI-O
    {"overlay-containers/*/userdata/hostname", "/etc/hostname"},
    {"overlay-containers/*/userdata/resolv.conf", "/etc/resolv.conf"},
    {"overlay-containers/*/userdata/.containerenv", "/run/.containerenv"},
    {"overlay-containers/*/userdata/shm", "/dev/shm"},
    {"overlay-containers/*/userdata/run/**", ""},
    {"io.containerd.grpc.v1.cri/sandboxes/*/hosts", "/etc/hosts"},
    {"io.containerd.grpc.v1.cri/sandboxes/*/hostname", "/etc/hostname"},
    {"io.containerd.grpc.v1.cri/sandboxes/*/resolv.conf", "/etc/resolv.conf"},
    {"io.containerd.grpc.v1.cri/sandboxes/*/shm", "/dev/shm"},
    {"pods/*/etc-hosts", "/etc/hosts"},  // kubelet
    {"pods/*/containers/**", ""},
    {"pods/*/volumes/**", ""},
    {"pods/*/volume-subpaths/**", ""},
};
// Below Docker's directory of this very container, where its configuration and its log lie as well: who writes
// hostconfig.json chooses the runtime of the next start.
constexpr EnginePlace own_places[] = {{"hosts", "/etc/hosts"},
                                      {"hostname", "/etc/hostname"},
                                      {"resolv.conf", "/etc/resolv.conf"},
                                      {"mounts/**", ""},
                                      {"secrets/**", ""},
                                      {"configs/**", ""}};
constexpr std::string_view podman_run_root = "/run/containers/storage";

// What almost every compose file mounts, and no secret.
constexpr std::string_view harmless_when_read_only[] = {
    "/etc/localtime",
    "/etc/timezone",
    "/usr/share/zoneinfo",
    "/etc/ssl/certs",
    "/etc/pki/ca-trust/extracted",
    "/usr/share/ca-certificates",
    "/usr/local/share/ca-certificates",
};

constexpr std::string_view init_programs[] = {"docker-init", "tini", "tini-static", "catatonit", "dumb-init"};
constexpr std::string_view init_destinations[] = {"/sbin/docker-init", "/dev/init", "/run/podman-init"};
constexpr std::string_view shared_ipc[] = {"/dev/shm", "/dev/mqueue"};

template <typename Table>
bool contains(const Table& table, std::string_view value) {
  return std::find(std::begin(table), std::end(table), value) != std::end(table);
}

bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == "**") return true;
    if (i >= path.size() || (pattern[i] != "*" && pattern[i] != path[i])) return false;
  }
  return path.size() == pattern.size();
}

// `path` relative to `parent`, "" for the same; nothing where it is not within. Both clean.
std::optional<std::string> relative_to(std::string_view path, std::string_view parent) {
  if (path.empty() || parent.empty() || !is_within(path, parent)) return std::nullopt;
  path.remove_prefix(parent == "/" ? 0 : parent.size());
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  return std::string(path);
}

bool is_one_of(std::span<const EnginePlace> places, const MountView& mount, std::string_view resolved,
               std::string_view root) {
  const auto rest = relative_to(resolved, root);
  if (!rest || rest->empty()) return false;
  const std::vector<std::string> path = split(*rest, '/');
  return std::any_of(places.begin(), places.end(), [&](const EnginePlace& place) {
    return (place.destination.empty() || place.destination == mount.destination) &&
           matches(split(place.path, '/'), path);
  });
}

Relation relate_paths(std::string_view source, std::string_view sensitive, bool subtree) {
  if (source.empty() || sensitive.empty()) return Relation::none;
  if (source == sensitive) return Relation::same;
  if (is_within(sensitive, source)) return Relation::above;
  return subtree && is_within(source, sensitive) ? Relation::below : Relation::none;
}

bool same_file_system(const host::PathFact& a, const host::PathFact& b) {
  return a.exists && b.exists && !a.location.path.empty() && !b.location.path.empty() &&
         a.location.device == b.location.device;
}

Relation relate_names(const host::PathFact& source, const host::SensitiveFact& sensitive) {
  return std::max(relate_paths(source.resolved, sensitive.path, sensitive.subtree),
                  relate_paths(source.resolved, sensitive.fact.resolved, sensitive.subtree));
}

Relation relate_places(const host::PathFact& source, const host::SensitiveFact& sensitive) {
  if (source.identity.inode != 0 && source.identity == sensitive.fact.identity) return Relation::same;
  if (!same_file_system(source, sensitive.fact)) return Relation::none;
  return relate_paths(source.location.path, sensitive.fact.location.path, sensitive.subtree);
}

std::optional<std::string> name_below(const host::PathFact& source, const host::SensitiveFact& sensitive) {
  const auto rest = relative_to(source.resolved, sensitive.fact.resolved);
  return rest ? rest : relative_to(source.resolved, sensitive.path);
}

// Is `source`, named `rest` below `sensitive`, that very file and not another that is mounted over it? On another file
// system it cannot be anything of `sensitive` at all.
bool in_place(const host::PathFact& source, const host::SensitiveFact& sensitive, const std::string& rest) {
  if (!same_file_system(source, sensitive.fact)) return true;
  return source.location.path == clean_path(sensitive.fact.location.path + "/" + rest);
}

}  // namespace

const host::PathFact* source_fact(const MountView& mount, const Facts& facts) {
  const auto found = facts.paths.find(mount.source);
  return found != facts.paths.end() && found->second.exists ? &found->second : nullptr;
}

std::vector<Handed> handed_over(const MountView& mount, const host::PathFact& source) {
  const std::string name = fmt::format("the bind source {}", in_quotes(mount.source));
  std::vector<Handed> handed{{source, name}};
  if (!mount.has("rbind") && mount.type != "rbind") return handed;
  for (const host::PathFact& below : source.mounted_below)
    handed.push_back({below, fmt::format("the mount {} below {}", in_quotes(below.resolved), name)});
  return handed;
}

Relation relation(const host::PathFact& source, const host::SensitiveFact& sensitive, bool allowed) {
  if (allowed) {
    const auto rest = name_below(source, sensitive);
    if (rest && !rest->empty())
      return in_place(source, sensitive, *rest) ? Relation::none : relate_places(source, sensitive);
  }
  return std::max(relate_names(source, sensitive), relate_places(source, sensitive));
}

std::optional<std::string> rest_below(const host::PathFact& source, const host::SensitiveFact& sensitive) {
  if (const auto rest = name_below(source, sensitive)) return rest;
  if (!same_file_system(source, sensitive.fact)) return std::nullopt;
  return relative_to(source.location.path, sensitive.fact.location.path);
}

bool is_engine_owned(const MountView& mount, std::string_view resolved, const Facts& facts) {
  return is_one_of(own_places, mount, resolved, facts.engine_directory) ||
         is_one_of(engine_places, mount, resolved, podman_run_root) ||
         std::any_of(facts.graph_roots.begin(), facts.graph_roots.end(),
                     [&](const std::string& root) { return is_one_of(engine_places, mount, resolved, root); });
}

bool is_init_program(const MountView& mount, const host::PathFact& source) {
  const std::string_view name = std::string_view(source.resolved).substr(source.resolved.rfind('/') + 1);
  return contains(init_destinations, mount.destination) && contains(init_programs, name) && mount.read_only() &&
         S_ISREG(source.mode) && (source.mode & S_IXOTH) != 0 && source.root_controlled;
}

bool is_shared_ipc(const MountView& mount, const Policy& policy) {
  return contains(shared_ipc, mount.destination) && mount.source == mount.destination &&
         contains(policy.profile.namespaces, "ipc");
}

std::string waivable(const MountView& mount, const Facts& facts) {
  const host::PathFact* source = source_fact(mount, facts);
  if (source == nullptr) return mount.source;
  if (source->by_foreign_link) return source->resolved;
  const bool allowed = allowed_source(mount, *source, facts);
  const host::SensitiveFact* held = nullptr;
  Relation closest = Relation::none;
  for (const auto* list : {&facts.sensitive, &facts.engine_roots}) {
    for (const host::SensitiveFact& sensitive : *list) {
      if (relation(*source, sensitive, allowed) == Relation::none) continue;
      if (!allowed && relate_names(*source, sensitive) != Relation::none) return mount.source;
      if (const Relation place = relate_places(*source, sensitive); place > closest) {
        closest = place;
        held = &sensitive;
      }
    }
  }
  return held == nullptr ? mount.source : held->path;
}

bool allowed_source(const MountView& mount, const host::PathFact& source, const Facts& facts) {
  const auto harmless = [&source](std::string_view place) { return is_within(source.resolved, place); };
  return is_engine_owned(mount, source.resolved, facts) || is_init_program(mount, source) ||
         (mount.read_only() &&
          std::any_of(std::begin(harmless_when_read_only), std::end(harmless_when_read_only), harmless));
}

}  // namespace hardened::controls
