#include "host/workload.h"

#include <fcntl.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <optional>
#include <utility>

#include "host/bind_mount.h"
#include "host/graph_root.h"
#include "host/podman_store.h"
#include "oci/change.h"
#include "oci/strict_json.h"
#include "util/file.h"
#include "util/text.h"

namespace hardened::host {
namespace {

constexpr std::size_t largest_config = std::size_t{8} << 20;

std::string text_at(const Json& document, std::string_view pointer) {
  const Json* found = oci::find(document, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

std::map<std::string, std::string> texts_at(const Json& document, std::string_view pointer) {
  std::map<std::string, std::string> result;
  const Json* found = oci::find(document, pointer);
  if (found == nullptr || !found->is_object()) return result;
  for (const auto& [key, value] : found->items()) {
    if (value.is_string()) result[key] = value.get<std::string>();
  }
  return result;
}

// "sha256:" and 64 hexadecimal digits at the end of `text`, else nothing.
std::string digest_in(std::string_view text) {
  constexpr std::string_view scheme = "sha256:";
  constexpr std::size_t size = scheme.size() + 64;
  if (text.size() < size) return {};
  const std::string_view digest = text.substr(text.size() - size);
  const bool hexadecimal = std::all_of(digest.begin() + scheme.size(), digest.end(),
                                       [](unsigned char c) { return std::isdigit(c) != 0 || (c >= 'a' && c <= 'f'); });
  return digest.starts_with(scheme) && hexadecimal ? std::string(digest) : std::string();
}

// A file of a container directory of Docker's, DATA/containers/ID, without following a symbolic link anywhere.
std::optional<Json> docker_document(const std::string& directory, const char* name, Inspector& inspector) {
  if (!inspector.root_controlled_directory(directory)) return std::nullopt;
  const auto opened = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  const auto text = opened ? read_trusted_file(opened->get(), name, largest_config) : fail(Code::io, "");
  if (!text) {
    if (text.error().code == Code::io) inspector.doubt(in_quotes(directory + "/" + name), errno);
    return std::nullopt;
  }
  auto document = oci::parse_strict(*text, name);
  return document ? std::optional(std::move(document->value)) : std::nullopt;
}

std::optional<Json> docker_config(const std::string& directory, const std::string& id, Inspector& inspector) {
  auto config = docker_document(directory, "config.v2.json", inspector);
  return config && text_at(*config, "/ID") == id ? std::move(config) : std::nullopt;
}

// Docker's own builder gives each RUN a container by the image's id, without health check, log and volume (moby
// builder/dockerfile: defaultLogConfig, withoutHealthcheck). Who may call the engine can ask for the same by hand, and
// gains nothing: who may run may build.
bool is_build_step(const Json& config, const std::string& directory, Inspector& inspector) {
  const std::string image = text_at(config, "/Config/Image");
  const Json* health = oci::find(config, "/Config/Healthcheck/Test");
  if (digest_in(image) != image || image.empty() || image != text_at(config, "/Image")) return false;
  if (health == nullptr || *health != Json::array({"NONE"})) return false;
  const auto host = docker_document(directory, "hostconfig.json", inspector);
  if (!host || text_at(*host, "/LogConfig/Type") != "none") return false;
  // A client always sends some; without this an image with "HEALTHCHECK NONE", run by its id where the daemon keeps no
  // logs, would be taken for a step without anybody asking for that.
  if (const Json* ports = oci::find(*host, "/PortBindings"); ports != nullptr && !ports->is_null()) return false;
  constexpr const char* volumes[] = {"/Binds", "/Mounts", "/VolumesFrom"};
  return std::none_of(std::begin(volumes), std::end(volumes), [&](const char* pointer) {
    const Json* found = oci::find(*host, pointer);
    return found != nullptr && !found->empty();
  });
}

std::vector<std::string> docker_directories(const Json& spec, const std::string& id, const std::string& root) {
  const std::string name = "/containers/" + id;
  std::vector<std::string> directories;
  if (const std::string data = data_directory(root); !data.empty()) directories.push_back(data + name);
  const Json* mounts = oci::find(spec, "/mounts");
  if (mounts == nullptr || !mounts->is_array()) return directories;
  for (const Json& mount : *mounts) {
    const std::string source = bind_source(mount);
    const std::string directory = source.substr(0, source.rfind('/'));
    if (text_at(mount, "/destination").starts_with("/etc/") && directory.ends_with(name) &&
        directory == clean_path(directory))
      directories.push_back(directory);
  }
  return directories;
}

bool identify_docker(const Json& spec, const std::string& id, const std::string& root, Inspector& inspector,
                     Identified& identified) {
  if (id.empty() || id.find('/') != std::string::npos || id.front() == '.') return false;
  for (const std::string& directory : docker_directories(spec, id, root)) {
    const auto config = docker_config(directory, id, inspector);
    if (!config) continue;
    identified.engine_directory = directory;
    identified.workload.image = text_at(*config, "/Config/Image");
    identified.workload.image_digest = digest_in(text_at(*config, "/Image"));
    identified.workload.labels = texts_at(*config, "/Config/Labels");
    identified.workload.stop_signal = text_at(*config, "/Config/StopSignal");
    identified.workload.building = is_build_step(*config, directory, inspector);
    return true;
  }
  return false;
}

void identify_cri_o(Workload& workload) {
  const auto value = [&workload](const char* key) {
    const auto found = workload.annotations.find(key);
    return found == workload.annotations.end() ? std::string() : found->second;
  };
  // .ImageName is, by CRI-O's own words, "some name" without relation to what the user asked for.
  workload.image = value("io.kubernetes.cri-o.Image");
  workload.image_digest = digest_in(value("io.kubernetes.cri-o.ImageRef"));
  const auto labels = oci::parse_strict(value("io.kubernetes.cri-o.Labels"), "labels");
  if (labels) workload.labels = texts_at(labels->value, "");
}

// Only in the namespace where the CRI plugin alone makes containers: elsewhere the annotation is the caller's own.
void identify_containerd(Workload& workload, std::string_view runtime_root) {
  if (!runtime_root.ends_with("/k8s.io")) return;
  const auto found = workload.annotations.find("io.kubernetes.cri.image-name");
  if (found == workload.annotations.end()) return;
  workload.image = found->second;
  workload.image_digest = digest_in(found->second);
}

void identify_podman(Workload& workload, const std::string& root, Inspector& inspector) {
  auto image = stored_image(workload.id, root, inspector);
  if (!image) return;
  workload.image = std::move(image->name);
  workload.image_digest = digest_in(image->digest);
}

bool has_annotation(const Workload& workload, std::string_view prefix) {
  const auto found = workload.annotations.lower_bound(std::string(prefix));
  return found != workload.annotations.end() && found->first.starts_with(prefix);
}

Engine engine_by_annotations(const Workload& workload) {
  const auto manager = workload.annotations.find("io.container.manager");
  if (manager != workload.annotations.end() && manager->second == "libpod") return Engine::podman;
  if (manager != workload.annotations.end() && manager->second == "cri-o") return Engine::cri_o;
  if (has_annotation(workload, "io.kubernetes.cri.")) return Engine::containerd;
  return Engine::unknown;
}

// The host's name alone is the caller's to choose; where its root lies is the engine's.
Engine engine_by_place(const Json& spec, std::string_view runtime_root, std::string_view root) {
  const auto in_buildkit = [](std::string_view path) { return path.find("/buildkit/") != std::string_view::npos; };
  if (in_buildkit(runtime_root) || (in_buildkit(root) && text_at(spec, "/hostname") == "buildkitsandbox"))
    return Engine::buildkit;
  return runtime_root.find("/containerd/") != std::string_view::npos ? Engine::containerd : Engine::unknown;
}

}  // namespace

Identified identify(const Json& spec, const std::string& id, std::string_view runtime_root, const std::string& root,
                    Inspector& inspector) {
  Identified identified;
  Workload& workload = identified.workload;
  workload.id = id;
  workload.annotations = texts_at(spec, "/annotations");
  const bool docker_directory = identify_docker(spec, id, root, inspector, identified);
  if (docker_directory || runtime_root.ends_with("/moby")) {
    workload.engine = Engine::docker;
    return identified;
  }
  workload.engine = engine_by_annotations(workload);
  if (workload.engine == Engine::unknown) workload.engine = engine_by_place(spec, runtime_root, root);
  workload.building = workload.engine == Engine::buildkit;
  if (workload.engine == Engine::podman) identify_podman(workload, root, inspector);
  if (workload.engine == Engine::cri_o) identify_cri_o(workload);
  if (workload.engine == Engine::containerd) identify_containerd(workload, runtime_root);
  return identified;
}

}  // namespace hardened::host
