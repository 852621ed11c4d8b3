#include "host/probe.h"

#include <algorithm>

#include "host/sandbox.h"
#include "host/sensitive.h"
#include "oci/strict_json.h"

using namespace hardened;
using host::probe;
using host::Request;

namespace {

Json docker_spec(const char* name) {
  return Json::parse(sandbox::read_file(std::string(HARDENED_SOURCE_DIR) + "/tests/data/specs/" + name));
}

Json bind_of(const std::string& source) {
  return {{"destination", "/d"}, {"type", "bind"}, {"source", source}, {"options", {"rbind"}}};
}

// Lays out what dockerd lays out for `spec`; returns the container's id.
std::string make_host(const Json& spec) {
  const std::string root = spec["root"]["path"];
  sandbox::make_directory(root);
  std::string id;
  for (const Json& mount : spec["mounts"]) {
    const std::string source = mount["source"];
    if (!source.starts_with("/var/lib/docker/containers/")) continue;
    sandbox::write_file(source, "");
    id = source.substr(27, 64);
  }
  sandbox::write_file("/var/lib/docker/containers/" + id + "/config.v2.json",
                      R"({"ID":")" + id + R"(","Config":{"Image":"alpine"}})", 0600);
  return id;
}

Request request_for(const std::string& id, int bundle) {
  Request request;
  request.id = id;
  request.runtime_path = "/mnt/runc";
  request.runtime_root = "/var/run/docker/runtime-runc/moby";
  request.bundle = bundle;
  request.state = "/mnt/state";
  sandbox::write_file("/mnt/runc", "#!/bin/sh\necho runc version 1.1.5\n", 0755);
  return request;
}

Fd bundle() {
  sandbox::make_directory("/mnt/bundle/data");
  return std::move(*open_at(AT_FDCWD, "/mnt/bundle", O_RDONLY | O_DIRECTORY));
}

}  // namespace

TEST_CASE("probe: Docker's own container") {
  sandbox::run([]() -> std::string {
    const Json spec = docker_spec("docker-default.json");
    const std::string id = make_host(spec);
    const Fd directory = bundle();
    const auto found = probe(spec, request_for(id, directory.get()));
    EXPECT(found.has_value());
    const Facts& facts = found->facts;
    EXPECT(facts.workload.image == "alpine" && facts.engine_directory == "/var/lib/docker/containers/" + id);
    EXPECT(facts.runtime.kind == host::RuntimeKind::runc && facts.runtime.patch == 5);
    EXPECT(facts.sensitive.empty());
    EXPECT(found->sources.size() == 3);
    EXPECT(facts.paths.size() == 5);
    EXPECT(facts.paths.at(spec["root"]["path"]).location.path.ends_with("/merged"));
    EXPECT(facts.paths.contains("/proc/3330/exe"));
    EXPECT(facts.graph_roots.front() == "/var/lib/docker");
    EXPECT(facts.memory_total > 0);
    return {};
  });
}

TEST_CASE("probe: a bind of the user's own brings the sensitive paths") {
  sandbox::run([]() -> std::string {
    Json spec = docker_spec("docker-default.json");
    const std::string id = make_host(spec);
    const Fd directory = bundle();
    spec["mounts"].push_back(bind_of("data"));
    const auto found = probe(spec, request_for(id, directory.get()));
    EXPECT(found && found->facts.paths.at("data").resolved == "/mnt/bundle/data");
    EXPECT(found->facts.sensitive.size() == host::sensitive_paths().size());
    const auto etc = std::find_if(found->facts.sensitive.begin(), found->facts.sensitive.end(),
                                  [](const auto& row) { return row.path == "/etc"; });
    EXPECT(etc != found->facts.sensitive.end() && etc->fact.exists && etc->fact.location.path.ends_with("/etc"));
    return {};
  });
}

TEST_CASE("probe: an alias of a sensitive directory has its location") {
  sandbox::run([]() -> std::string {
    const Fd directory = bundle();
    sandbox::make_directory("/mnt/alias");
    EXPECT(sandbox::bind("/etc", "/mnt/alias"));
    const Json spec = {{"mounts", Json::array({bind_of("/mnt/alias"), bind_of("/etc")})}};
    const auto found = probe(spec, request_for("c", directory.get()));
    EXPECT(found && found->facts.paths.at("/mnt/alias").location == found->facts.paths.at("/etc").location);
    EXPECT(found->facts.paths.at("/mnt/alias").resolved != found->facts.paths.at("/etc").resolved);
    return {};
  });
}

TEST_CASE("probe: what is mounted below a source is known, below other paths nobody asks") {
  sandbox::run([]() -> std::string {
    const Fd directory = bundle();
    sandbox::make_directory("/mnt/chroot/proc");
    EXPECT(::mount("proc", "/mnt/chroot/proc", "proc", 0, nullptr) == 0);
    const Json spec = {{"root", {{"path", "/mnt"}}}, {"mounts", Json::array({bind_of("/mnt/chroot")})}};
    const auto found = probe(spec, request_for("c", directory.get()));
    EXPECT(found && found->facts.paths.at("/mnt/chroot").mounted_below.size() == 1);
    EXPECT(found->facts.paths.at("/mnt/chroot").mounted_below.front().file_system == "proc");
    EXPECT(found->facts.paths.at("/mnt").mounted_below.empty());
    return {};
  });
}

TEST_CASE("probe: a root file system that is bound elsewhere for the runtime lies where its engine keeps it") {
  sandbox::run([]() -> std::string {
    const Fd directory = bundle();
    const std::string kept = "/mnt/containers/overlay/abc/merged";
    const std::string bound = "/mnt/intermediate-mountpoint-0.0";
    for (const char* path : {kept.c_str(), bound.c_str(), "/mnt/elsewhere", "/mnt/part"}) sandbox::make_directory(path);
    EXPECT(::mount("tmpfs", kept.c_str(), "tmpfs", 0, nullptr) == 0);
    sandbox::make_directory(kept + "/etc");
    EXPECT(::mount(kept.c_str(), bound.c_str(), nullptr, MS_BIND, nullptr) == 0);
    EXPECT(::mount((kept + "/etc").c_str(), "/mnt/part", nullptr, MS_BIND, nullptr) == 0);
    EXPECT(::mount("tmpfs", "/mnt/elsewhere", "tmpfs", 0, nullptr) == 0);
    const auto judged_at = [&directory](const std::string& root) {
      const auto found = probe({{"root", {{"path", root}}}}, request_for("c", directory.get()));
      const auto& roots = found->facts.graph_roots;
      return found->facts.paths.at(root).resolved +
             (std::find(roots.begin(), roots.end(), "/mnt/containers") == roots.end() ? "" : " in a graph root");
    };
    EXPECT(judged_at(bound) == kept + " in a graph root");
    EXPECT(judged_at("/mnt/part") == "/mnt/part");
    EXPECT(judged_at("/mnt/elsewhere") == "/mnt/elsewhere");
    // What covers the engine's own is not what the runtime would take.
    EXPECT(::mount("tmpfs", kept.c_str(), "tmpfs", 0, nullptr) == 0);
    EXPECT(judged_at(bound) == bound);
    return {};
  });
}

TEST_CASE("probe: a missing source is a fact, one of another mount namespace an error") {
  sandbox::run([]() -> std::string {
    const Fd directory = bundle();
    const Json missing = {{"mounts", Json::array({bind_of("/mnt/missing")})}};
    const auto found = probe(missing, request_for("c", directory.get()));
    EXPECT(found && !found->facts.paths.at("/mnt/missing").exists && found->sources.empty());
    for (const std::string& source :
         {"/proc/" + std::to_string(::getppid()) + "/root/etc", std::string("/proc/self/ns/mnt")}) {
      const Json spec = {{"mounts", Json::array({bind_of(source)})}};
      const auto refused = probe(spec, request_for("c", directory.get()));
      EXPECT(!refused && refused.error().message.starts_with("cannot judge the mount source"));
    }
    return {};
  });
}

TEST_CASE("probe: the host's network namespace is known under the name Docker gives it") {
  sandbox::run([]() -> std::string {
    const Fd directory = bundle();
    sandbox::write_file("/mnt/default", "");
    EXPECT(sandbox::bind("/proc/self/ns/net", "/mnt/default"));
    const Json spec = {
        {"linux", {{"namespaces", Json::array({{{"type", "network"}, {"path", "/mnt/default"}}, {{"type", "pid"}}})}}}};
    const auto found = probe(spec, request_for("c", directory.get()));
    EXPECT(found && found->facts.namespaces.size() == 1 && found->facts.namespaces.at("/mnt/default").host);
    return {};
  });
}

TEST_CASE("probe: exec and update look at no paths") {
  sandbox::run([]() -> std::string {
    Request request = request_for("c", -1);
    request.operation = host::Operation::exec;
    const auto found = probe(Json{{"process", Json::object()}}, request);
    EXPECT(found && found->facts.paths.empty() && found->facts.workload.id == "c");
    EXPECT(found->facts.operation == host::Operation::exec && !found->facts.groups.empty());
    return {};
  });
}
