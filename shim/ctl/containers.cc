#include "ctl/containers.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "ctl/dockerd.h"
#include "oci/spec.h"
#include "oci/strict_json.h"
#include "state/init_process.h"
#include "util/file.h"

namespace hardened::ctl {
namespace {

constexpr std::size_t largest_record = std::size_t{16} << 20;  // bytes

// Where runc and crun keep their containers under the engines that there are, as glob(7) patterns.
constexpr const char* runtime_roots[] = {"/run/runc", "/run/crun", "/run/docker*/runtime-*/moby",
                                         "/run/containerd/runc/*"};

std::vector<std::string> matches(const std::string& pattern) {
  std::vector<std::string> found;
  glob_t result{};
  if (::glob(pattern.c_str(), 0, nullptr, &result) == 0) {
    for (std::size_t i = 0; i < result.gl_pathc; ++i) found.emplace_back(result.gl_pathv[i]);
  }
  ::globfree(&result);
  return found;
}

Json trusted_document(const std::string& path) {
  const auto text = read_trusted_file(AT_FDCWD, path, largest_record);
  const auto document = text ? oci::parse_strict(*text, path) : fail(Code::io, "");
  return document ? document->value : Json();
}

// runc keeps it among the labels of its state, crun as a member of its status.
std::string bundle_of(const std::string& directory) {
  constexpr std::string_view label = "bundle=";
  for (const std::string& text : oci::strings(trusted_document(directory + "/state.json"), "/config/labels")) {
    if (text.starts_with(label)) return text.substr(label.size());
  }
  return oci::text(trusted_document(directory + "/status"), "/bundle").value_or("");
}

std::set<std::string> docker_data() {
  std::set<std::string> directories{"/var/lib/docker"};
  for (const Dockerd& daemon : dockerds()) directories.insert(data_root(daemon));
  return directories;
}

std::string name_in(const std::string& container) {
  const std::string name = oci::text(trusted_document(container + "/config.v2.json"), "/Name").value_or("");
  return name.starts_with('/') ? name.substr(1) : name;
}

}  // namespace

std::vector<Stranger> strangers(const std::vector<state::Grant>& grants) {
  std::vector<Stranger> found;
  for (const char* root : runtime_roots) {
    for (const std::string& directory : matches(std::string(root) + "/*")) {
      const std::size_t slash = directory.rfind('/');
      const std::string id = directory.substr(slash + 1);
      const auto has_id = [&](const auto& other) { return other.id == id; };
      if (std::any_of(grants.begin(), grants.end(), has_id) || std::any_of(found.begin(), found.end(), has_id))
        continue;
      const auto init = state::init_of(directory.substr(0, slash), id);
      if (init && ::access(fmt::format("/proc/{}", *init).c_str(), F_OK) == 0)
        found.push_back({id, directory.substr(0, slash), bundle_of(directory)});
    }
  }
  std::sort(found.begin(), found.end(), [](const Stranger& a, const Stranger& b) { return a.id < b.id; });
  return found;
}

std::vector<std::string> docker_ids(const std::string& name) {
  std::set<std::string> ids;
  for (const std::string& data : docker_data()) {
    for (const std::string& container : matches(data + "/containers/*")) {
      if (name_in(container) == name) ids.insert(container.substr(container.rfind('/') + 1));
    }
  }
  return {ids.begin(), ids.end()};
}

std::string docker_name(const std::string& id) {
  if (id.empty() || id.find('/') != std::string::npos || id.front() == '.') return {};
  for (const std::string& data : docker_data()) {
    std::string name = name_in(data + "/containers/" + id);
    if (!name.empty()) return name;
  }
  return {};
}

std::string shortened(const std::string& id) {
  constexpr std::size_t docker_shows = 12;
  return id.substr(0, docker_shows);
}

}  // namespace hardened::ctl
