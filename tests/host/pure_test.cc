// The parts of the probe that only read text.
#include "catch.h"
#include "host/bind_mount.h"
#include "host/graph_root.h"
#include "host/machine.h"
#include "host/namespace_facts.h"
#include "host/runtime_version.h"
#include "host/sensitive.h"
#include "util/text.h"

using namespace hardened;
using host::RuntimeKind;

TEST_CASE("bind mounts are what runc or crun would bind") {
  struct Row {
    const char* mount;
    const char* source;  // empty: no bind mount
    bool recursive;
  };
  const Row rows[] = {
      {R"({"type":"bind","source":"/a","options":["rbind","rprivate"]})", "/a", true},
      {R"({"type":"bind","source":"/a","options":["bind","ro"]})", "/a", false},
      {R"({"type":"bind","source":"/a"})", "/a", false},
      {R"({"type":"none","source":"/a","options":["rbind"]})", "/a", true},
      {R"({"source":"/a","options":["bind"]})", "/a", false},
      {R"({"type":"","source":"relative"})", "relative", false},
      {R"({"type":"tmpfs","source":"/a","options":["bind"]})", "/a", false},
      {R"({"type":"proc","source":"/etc","options":["nosuid","rbind"]})", "/etc", true},
      {R"({"type":"tmpfs","source":"tmpfs","options":["nosuid"]})", "", false},
      {R"({"type":"proc","source":"proc"})", "", false},
      {R"({"type":"bind"})", "", false},
      {R"({"type":"bind","source":7,"options":"bind"})", "", false},
  };
  for (const Row& row : rows) {
    INFO(row.mount);
    const Json mount = Json::parse(row.mount);
    CHECK(host::bind_source(mount) == row.source);
    CHECK(host::is_recursive_bind(mount) == row.recursive);
  }
}

TEST_CASE("the data directory is told from a storage driver's layout") {
  const std::pair<const char*, const char*> rows[] = {
      {"/var/lib/docker/overlay2/bae9/merged", "/var/lib/docker"},
      {"/srv/docker/100000.100000/overlay2/bae9/merged", "/srv/docker/100000.100000"},
      {"/var/lib/docker/rootfs/overlayfs/bae9", "/var/lib/docker"},
      {"/var/lib/docker/btrfs/subvolumes/bae9", "/var/lib/docker"},
      {"/var/lib/docker/devicemapper/mnt/bae9/rootfs", "/var/lib/docker"},
      {"/var/lib/containers/storage/overlay/bae9/merged", "/var/lib/containers/storage"},
      {"/run/containerd/io.containerd.runtime.v2.task/k8s.io/bae9/rootfs", ""},
      {"/var/lib/docker/overlay2/merged", ""},
      {"/var/lib/docker/overlay2//merged", ""},
      {"/var/lib/docker/overlay2/a/b/merged", ""},
      {"/overlay2/bae9/merged", ""},
      {"/merged", ""},
      {"", ""},
  };
  for (const auto& [root, data] : rows) {
    INFO(root);
    CHECK(host::data_directory(root) == data);
  }
}

TEST_CASE("the container is told from a cgroup") {
  const std::string id(64, 'a');
  const std::string other(64, 'b');
  const std::pair<std::string, std::string> rows[] = {
      {"0::/docker/" + id + "\n", id},
      {"0::/system.slice/docker-" + id + ".scope\n", id},
      {"0::/machine.slice/libpod-" + id + ".scope/container\n", id},
      {"0::/kubepods.slice/kubepods-pod7.slice/cri-containerd-" + id + ".scope\n", id},
      {"0::/kubepods/burstable/pod7/crio-" + id + "\n", id},
      {"12:pids:/docker/" + id + "\n1:name=systemd:/docker/" + id + "\n0::/\n", id},
      {"0::/mycontainer\n", "mycontainer"},
      {"9:pids:/libpod_parent/" + other + "/libpod-" + id + "\n", id},  // Podman's pod, and one of its containers
      {"9:pids:/libpod_parent/libpod-" + id + "/" + other + "\n", id},
      // A container with a delegated cgroup names one of its own after somebody else.
      {"0::/docker/" + id + "/" + other + "\n", id},
      {"0::/\n", ""},
      {"garbage", ""},
      {"", ""},
  };
  for (const auto& [text, container] : rows) {
    INFO(text);
    CHECK(host::container_in_cgroup(text) == container);
  }
}

TEST_CASE("privileged groups are read from /etc/group, whatever else stands there") {
  const auto groups = host::privileged_groups(
      "root:x:0:\ndocker:x:999:alice,bob\nusers:x:100:\nshadow:x:42\n# "
      "comment\n\nkvm:x:\ndisk:x:-1:\nlxd:x:99999999999:\n"
      "sudo:x:27x:\ndocker:x:1000:\n");
  CHECK(groups == std::map<std::string, gid_t>{{"docker", 999}, {"root", 0}, {"shadow", 42}});
}

TEST_CASE("only AppArmor profiles that confine are listed") {
  CHECK(host::confining_profiles(
            "docker-default (enforce)\nmy profile (complain)\nchrome (unconfined)\n\nbroken\n (enforce)\n") ==
        std::vector<std::string>{"docker-default", "my profile"});
}

TEST_CASE("a runtime tells its kind and version") {
  struct Row {
    const char* output;
    RuntimeKind kind;
    int major, minor, patch;
  };
  const Row rows[] = {
      {"runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\n", RuntimeKind::runc, 1, 1, 5},
      {"runc version 1.3.6", RuntimeKind::runc, 1, 3, 6},
      {"runc version 1.5-rc.3\n", RuntimeKind::runc, 1, 5, 0},
      {"runc version 1.0.0-rc10\n", RuntimeKind::runc, 1, 0, 0},
      {"crun version 1.8.1\ncommit: f8a0\n", RuntimeKind::crun, 1, 8, 1},
      {"crun version 1.21\n", RuntimeKind::crun, 1, 21, 0},
      {"runc version unknown\n", RuntimeKind::runc, 0, 0, 0},
      {"runc version -1.-1.-1\n", RuntimeKind::runc, 0, 0, 0},
      {"runc version 99999999999.1.1\n", RuntimeKind::runc, 0, 0, 0},
      {"youki version 0.3.0\n", RuntimeKind::other, 0, 0, 0},
      {"not the first line\nrunc version 1.1.5\n", RuntimeKind::other, 0, 0, 0},
      {"", RuntimeKind::other, 0, 0, 0},
  };
  for (const Row& row : rows) {
    INFO(row.output);
    const auto fact = host::parse_version(row.output);
    CHECK(fact.kind == row.kind);
    CHECK(fact.major == row.major);
    CHECK(fact.minor == row.minor);
    CHECK(fact.patch == row.patch);
  }
}

TEST_CASE("sensitive paths are clean and absolute") {
  for (const auto& row : host::sensitive_paths()) CHECK(clean_path(row.path) == row.path);
}
