// Fields: /linux/cgroupsPath. Allowed: absent, or where the engine puts its containers by itself.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"CIS Docker 1.6.0", "5.25"}};
constexpr std::string_view owns[] = {"/linux/cgroupsPath"};

struct Place {
  Engine engine;
  std::string_view prefix;  // a glob of what stands before the container id; "*" does not cross a "/"
};
// "/parent/ID" is a cgroupfs path, "slice:prefix:ID" a systemd unit (runc docs/systemd.md).
constexpr Place places[] = {
    {Engine::docker, "/docker/"},
    {Engine::docker, "system.slice:docker:"},
    {Engine::buildkit, "/docker/buildkit/"},
    {Engine::buildkit, "/buildkit/"},
    {Engine::buildkit, "system.slice:docker:"},
    {Engine::buildkit, "system.slice:buildkit:"},
    {Engine::podman, "/libpod_parent/libpod-"},
    {Engine::podman, "/libpod_parent/*/libpod-"},
    {Engine::podman, "machine.slice:libpod:"},
    {Engine::podman, "machine-libpod_pod_*.slice:libpod:"},
    {Engine::podman, "user.slice:libpod:"},
    {Engine::podman, "user-libpod_pod_*.slice:libpod:"},
    {Engine::cri_o, "/crio/crio-"},
    {Engine::cri_o, "/kubepods/pod*/crio-"},
    {Engine::cri_o, "/kubepods/burstable/pod*/crio-"},
    {Engine::cri_o, "/kubepods/besteffort/pod*/crio-"},
    {Engine::cri_o, "system.slice:crio:"},
    {Engine::cri_o, "kubepods-*.slice:crio:"},
    {Engine::containerd, "/*/"},
    {Engine::containerd, "/kubepods/pod*/"},
    {Engine::containerd, "/kubepods/burstable/pod*/"},
    {Engine::containerd, "/kubepods/besteffort/pod*/"},
    {Engine::containerd, "/kubelet/kubepods/pod*/"},
    {Engine::containerd, "/kubelet/kubepods/burstable/pod*/"},
    {Engine::containerd, "/kubelet/kubepods/besteffort/pod*/"},
    {Engine::containerd, "system.slice:nerdctl:"},
    {Engine::containerd, "system.slice:cri-containerd:"},
    {Engine::containerd, "kubepods-*.slice:cri-containerd:"},
    {Engine::containerd, "kubelet-kubepods-*.slice:cri-containerd:"},
};

// Without "..", and without the empty component that "*" would match. Systemd's form holds no "/".
bool is_clean(std::string_view path) {
  return path.find('/') == std::string_view::npos || clean_path(path) == path;
}

bool is_engine_place(std::string_view path, const Workload& workload) {
  if (workload.id.empty() || !path.ends_with(workload.id) || !is_clean(path)) return false;
  const std::string_view parent = path.substr(0, path.size() - workload.id.size());
  return std::any_of(std::begin(places), std::end(places), [&](const Place& place) {
    return place.engine == workload.engine && glob_match(place.prefix, parent) &&
           std::count(parent.begin(), parent.end(), '/') == std::count(place.prefix.begin(), place.prefix.end(), '/');
  });
}

Verdict evaluate(const Spec& spec, const Policy&, const Facts& facts) {
  Verdict verdict(spec);
  const std::string path = spec.text("/linux/cgroupsPath").value_or("");
  // Not clampable: the engine reads statistics and delivers signals by the path it wrote.
  if (!path.empty() && !is_engine_place(path, facts.workload))
    verdict.refuse("/linux/cgroupsPath",
                   fmt::format("the cgroup {} is not where {} puts its containers", in_quotes(path),
                               engine_name(facts.workload.engine)),
                   path);
  return verdict;
}

}  // namespace

const Control cgroup_parent = {.id = "cgroup-parent",
                               .title = "Containers stay in the engine's cgroup",
                               .rationale =
                                   "In a cgroup of the caller's choice a container escapes the limits that the "
                                   "administrator set for the engine's.",
                               .references = references,
                               .owns = owns,
                               .evaluate = evaluate};

}  // namespace hardened::controls
