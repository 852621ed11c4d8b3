#include "generator.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "host/sensitive.h"
#include "mutation.h"
#include "oci/schema.h"

namespace hardened::property {
namespace {

host::PathFact file_at(const std::string& path, mode_t mode) {
  static std::uint64_t inode = 1U << 20;
  host::PathFact fact;
  fact.exists = true;
  fact.resolved = path;
  fact.identity = {1, ++inode};
  fact.location = {1, path};
  fact.mode = mode;
  fact.root_controlled = true;
  return fact;
}

mode_t mode_of(const std::string& source) {
  if (source.ends_with("/_data") || source == "/etc") return S_IFDIR | 0755;
  return S_IFREG | (source.starts_with("/usr/bin/") ? 0755 : 0644);
}

// What the machine would say about the paths that dockerd itself puts into a spec.
void describe_engine_paths(const Json& spec, Facts& facts) {
  for (const Json& mount : spec.at("mounts")) {
    if (mount.value("type", "") != "bind") continue;
    const std::string source = mount.value("source", "");
    facts.paths[source] = file_at(source, mode_of(source));
    if (source.ends_with("/hosts")) facts.engine_directory = source.substr(0, source.rfind('/'));
  }
  const std::string root = spec.at("root").value("path", "");
  facts.paths[root] = file_at(root, S_IFDIR | 0755);
  facts.paths["/proc/3330/exe"] = file_at("/usr/sbin/dockerd", S_IFREG | 0755);
  facts.paths["/bin/sh"] = file_at("/usr/bin/dash", S_IFREG | 0755);
  facts.paths["/etc"] = file_at("/etc", S_IFDIR | 0755);
  facts.namespaces["/var/run/docker/netns/default"] = {{4, 1}, true, true, std::nullopt, {}};
}

// A machine as Docker's usually are: everything sensitive exists, /var/run leads to /run.
Facts base_facts(const Json& spec) {
  Facts facts;
  facts.workload.engine = Engine::docker;
  const std::string group = spec.at("linux").value("cgroupsPath", "");
  facts.workload.id = group.substr(group.rfind('/') + 1);
  facts.runtime = {"/usr/sbin/runc", host::RuntimeKind::runc, 1, 1, 5};
  facts.kernel_major = 6;
  facts.kernel_minor = 1;
  facts.memory_total = std::uint64_t{16} << 30;
  facts.cpus = 4;
  facts.swap_accounting = true;
  facts.groups = {{"docker", 103}, {"disk", 6}};
  facts.ids = {1073741824, 1073741824, 65536};
  facts.graph_roots = {"/var/lib/docker"};
  for (const host::SensitivePath& row : host::sensitive_paths()) {
    const std::string path(row.path == "/var/run" ? "/run" : row.path);
    facts.sensitive.push_back(
        {std::string(row.path), row.socket, row.subtree, file_at(path, row.socket ? S_IFSOCK | 0660 : S_IFDIR | 0755)});
  }
  describe_engine_paths(spec, facts);
  return facts;
}

// Half of them leave most of the spec to the engine, so that enough specs are not refused.
const Mutation& any_mutation(Random& random) {
  const std::span<const Mutation> tables[] = {process_mutations(), mount_mutations(), linux_mutations(),
                                              resource_mutations(), shape_mutations()};
  const auto table = one_of(random, tables);
  return table[pick(random, table.size())];
}

}  // namespace

Generator::Generator(std::uint64_t seed) : random_(seed) {
  for (const char* name : {"default", "hostile", "limits", "privileged"}) {
    std::ifstream file(std::string(HARDENED_SOURCE_DIR "/tests/data/specs/docker-") + name + ".json");
    Sample base{Json::parse(file), {}, name};
    base.facts = base_facts(base.spec);
    // The real hostile specs are refused whatever happens to them; they stay in, but seldom.
    const bool refused = base.story == "hostile" || base.story == "privileged";
    bases_.insert(bases_.end(), refused ? 1 : 5, std::move(base));
  }
}

Sample Generator::next() {
  Sample sample = bases_[pick(random_, bases_.size())];
  for (std::size_t count = pick(random_, 7); count > 0; --count) {
    const Mutation& mutation = any_mutation(random_);
    mutation.apply(random_, sample);
    sample.story += std::string(" ") + mutation.name;
  }
  const auto unknown = oci::check_shape(sample.spec, oci::spec_shape, sample.story);
  if (!unknown) return next();  // no control ever sees a spec of the wrong shape
  sample.facts.unknown_members = *unknown;
  return sample;
}

}  // namespace hardened::property
