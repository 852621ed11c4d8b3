#include "host/probe.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "host/bind_mount.h"
#include "host/graph_root.h"
#include "host/inspector.h"
#include "host/machine.h"
#include "host/namespace_facts.h"
#include "host/runtime_version.h"
#include "host/sensitive.h"
#include "host/workload.h"
#include "oci/change.h"
#include "util/text.h"

namespace hardened::host {
namespace {

std::string text_at(const Json& document, std::string_view pointer) {
  const Json* found = oci::find(document, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& elements(const Json& document, std::string_view pointer) {
  static const Json nothing = Json::array();
  const Json* found = oci::find(document, pointer);
  return found != nullptr && found->is_structured() ? *found : nothing;
}

std::set<std::string> bind_sources(const Json& spec) {
  std::set<std::string> sources;
  for (const Json& mount : elements(spec, "/mounts")) {
    if (std::string source = bind_source(mount); !source.empty()) sources.insert(std::move(source));
  }
  return sources;
}

std::set<std::string> hook_programs(const Json& spec) {
  std::set<std::string> programs;
  for (const Json& stage : elements(spec, "/hooks")) {
    for (const Json& hook : stage) {
      if (std::string path = text_at(hook, "/path"); !path.empty()) programs.insert(std::move(path));
    }
  }
  return programs;
}

// The host's nodes of the names that the container's devices have; never opened for use.
std::set<std::string> device_nodes(const Json& spec) {
  std::set<std::string> nodes;
  for (const Json& device : elements(spec, "/linux/devices")) {
    std::string path = text_at(device, "/path");
    if (path.starts_with("/dev/") && path == clean_path(path)) nodes.insert(std::move(path));
  }
  return nodes;
}

// The paths of one spec on their way to becoming facts.
class Paths {
 public:
  Paths(const Json& spec, const Request& request) : spec_(spec), request_(request), sources_(bind_sources(spec)) {}

  // Two steps, because the mount table must be read after everything is open (Inspector::locate).
  void open(Facts& facts) {
    const std::string root = text_at(spec_, "/root/path");
    for (const std::string& path : sources_) open(path);
    for (const std::string& path : hook_programs(spec_)) open(path);
    for (const std::string& path : device_nodes(spec_)) open(path);
    if (!root.empty()) open(root);
    const std::string bundle = inspector_.open(request_.bundle, ".").fact.resolved;
    const std::string resolved_root = root.empty() ? std::string() : where_kept(opened_.at(root), bundle);
    Identified identified = identify(spec_, request_.id, request_.runtime_root, resolved_root, inspector_);
    facts.workload = std::move(identified.workload);
    facts.engine_directory = std::move(identified.engine_directory);
    facts.graph_roots = graph_roots(inspector_, resolved_root, facts.engine_directory, bundle);
    if (has_user_binds(facts)) open_sensitive(facts.graph_roots);
  }

  [[nodiscard]] Status locate(Probe& result) {
    for (auto& [path, opened] : opened_) {
      TRY_DO(inspector_.locate(opened));
      const bool source = sources_.contains(path);
      if (source && opened.fact.exists && opened.fact.location.path.empty())
        return fail(Code::io, "cannot judge the mount source " + in_quotes(path) + ": it lies in no mount of this host",
                    "name the directory by its path on the host");
      if (source) TRY_DO(inspector_.find_mounts_below(opened));
      const bool root = path == text_at(spec_, "/root/path");
      if (root) {
        TRY(options, inspector_.mount_options(opened));
        result.root_options = std::move(options);
      }
      if (root && !kept_root_.empty()) opened.fact.resolved = kept_root_;
      if (source) opened.fact.by_foreign_link = inspector_.by_foreign_link(path, result.facts.graph_roots);
      result.facts.paths.emplace(path, opened.fact);
      if (root) keep_root(path, opened, result);
      if (source && opened.fact.exists) result.sources.emplace(path, std::move(opened.fd));
    }
    for (auto& [row, opened] : sensitive_) {
      TRY_DO(inspector_.locate(opened));
      result.facts.sensitive.push_back({std::string(row->path), row->socket, row->subtree, opened.fact});
    }
    for (auto& [root, opened] : engine_roots_) {
      TRY_DO(inspector_.locate(opened));
      result.facts.engine_roots.push_back({root, false, true, opened.fact});
    }
    result.mounts = inspector_.take_mount_table();
    return inspector_.certain();
  }

 private:
  // Where the root file system is judged to lie: where the engine keeps it, if that is elsewhere than the spec says.
  std::string where_kept(const Opened& root, const std::string& bundle) {
    const std::string& named = root.fact.resolved;
    if (data_directory(named).empty() && !is_within(named, bundle)) {
      auto kept = kept_at(inspector_, root);
      if (kept) kept_root_ = std::move(*kept);
      if (!kept) inspector_.doubt(kept.error());
    }
    return kept_root_.empty() ? named : kept_root_;
  }

  void keep_root(const std::string& path, const Opened& opened, Probe& result) {
    if (!opened.fd.valid()) return;
    result.root = Fd(::fcntl(opened.fd.get(), F_DUPFD_CLOEXEC, 0));
    if (!result.root.valid()) inspector_.doubt(in_quotes(path), errno);
  }

  void open(const std::string& path) {
    if (!opened_.contains(path)) opened_.emplace(path, inspector_.open(request_.bundle, path));
  }

  // Does the spec bind anything besides the engine's own files? If not, the sensitive paths need not be opened.
  [[nodiscard]] bool has_user_binds(const Facts& facts) const {
    return std::any_of(sources_.begin(), sources_.end(), [&](const std::string& source) {
      return facts.engine_directory.empty() || !is_within(opened_.at(source).fact.resolved, facts.engine_directory);
    });
  }

  void open_sensitive(const std::vector<std::string>& graph_roots) {
    for (const std::string& root : graph_roots) engine_roots_.emplace_back(root, inspector_.open(AT_FDCWD, root));
    for (const SensitivePath& row : sensitive_paths())
      sensitive_.emplace_back(&row, inspector_.open(AT_FDCWD, std::string(row.path)));
  }

  const Json& spec_;
  const Request& request_;
  Inspector inspector_;
  std::set<std::string> sources_;
  std::map<std::string, Opened> opened_;
  std::string kept_root_;  // empty: as the spec says
  std::vector<std::pair<const SensitivePath*, Opened>> sensitive_;
  std::vector<std::pair<std::string, Opened>> engine_roots_;
};

Status read_namespaces(const Json& spec, Facts& facts) {
  for (const Json& element : elements(spec, "/linux/namespaces")) {
    const std::string path = text_at(element, "/path");
    if (path.empty()) continue;
    TRY(fact, namespace_fact(text_at(element, "/type"), path));
    facts.namespaces[path] = fact;
  }
  return {};
}

}  // namespace

Result<Probe> probe(const Json& spec, const Request& request) {
  Probe result;
  Facts& facts = result.facts;
  facts.operation = request.operation;
  facts.workload.id = request.id;
  if (!request.runtime_path.empty()) {
    TRY(runtime, runtime_version(request.runtime_path, request.state));
    facts.runtime = std::move(runtime);
  }
  TRY_DO(read_machine(facts));
  if (request.operation != Operation::create) return result;
  TRY_DO(read_namespaces(spec, facts));
  Paths paths(spec, request);
  paths.open(facts);
  TRY_DO(paths.locate(result));
  return result;
}

}  // namespace hardened::host
