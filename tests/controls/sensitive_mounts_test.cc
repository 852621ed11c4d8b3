#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

struct Row {
  std::string says;
  std::string source;
  host::PathFact fact;
  bool fine;
  const char* named = nullptr;  // what a waiver has to name, where that is not the source
};

host::PathFact at(const std::string& resolved, host::Location location, mode_t mode = S_IFDIR | 0755) {
  host::PathFact fact = file_at(resolved, mode);
  fact.location = std::move(location);
  return fact;
}

void check(const Row& row, Facts facts, const std::string& destination, const std::vector<std::string>& options) {
  INFO(row.says);
  facts.paths = {{row.source, row.fact}};
  const Spec spec = spec_with(bind_mount(row.source, destination, options));
  const auto found = subjects(controls::sensitive_mounts, spec, Policy{}, facts);
  const std::string named = row.named != nullptr ? row.named : row.source;
  CHECK(found == (row.fine ? std::vector<std::string>{} : std::vector<std::string>{named}));
}

const std::string volume = "/var/lib/docker/volumes/v/_data";
const std::string other = "/var/lib/docker/containers/9876";

// Where engines mount what has this name.
std::string usual_place(const std::string& source) {
  if (source.ends_with("/hosts")) return "/etc/hosts";
  return source.ends_with("/shm") ? "/dev/shm" : "/x";
}

}  // namespace

TEST_CASE("sensitive-mounts: the host's own directories, whatever they are called") {
  const Row rows[] = {
      {"/etc", "/etc", file_at("/etc"), false},
      {"/etc/ with a slash", "/etc/", file_at("/etc"), false},
      {"/etc through dots", "/srv/../etc", file_at("/etc"), false},
      {"one file of /etc", "/etc/shadow", file_at("/etc/shadow", S_IFREG | 0640), false},
      {"a link to /etc", "/srv/link", file_at("/etc"), false},
      {"/etc mounted elsewhere", "/mnt/x", at("/mnt/x", {disk, "/etc"}), false, "/etc"},
      {"something of /etc mounted elsewhere", "/mnt/x", at("/mnt/x", {disk, "/etc/ssh"}), false, "/etc"},
      {"the root", "/", file_at("/"), false},
      {"the root's file system mounted elsewhere", "/mnt/root", at("/mnt/root", {disk, "/"}), false, "/"},
      {"the parent of the engine's directory", "/var/lib", file_at("/var/lib"), false},
      {"/proc", "/proc", at("/proc", {0x05, "/"}), false},
      {"a process' root", "/proc/1/root", file_at("/"), false},
      {"/sys", "/sys", at("/sys", {0x07, "/"}), false},
      {"/dev", "/dev", at("/dev", {0x06, "/"}), false},
      {"the programs", "/bin", file_at("/usr/bin"), false},
      {"/run", "/var/run", at("/run", {0x18, "/"}), false},
      {"the logs", "/var/log/nginx", file_at("/var/log/nginx"), false},
      {"root's home", "/root", file_at("/root"), false},
      {"all homes", "/home", file_at("/home"), false},
      {"a whole home", "/home/alice", file_at("/home/alice"), false},
      {"somebody's keys", "/home/alice/.ssh", file_at("/home/alice/.ssh"), false},
      {"one of somebody's keys", "/home/alice/.ssh/id_rsa", file_at("/home/alice/.ssh/id_rsa"), false},
      {"somebody's keys mounted elsewhere", "/mnt/k", at("/mnt/k", {disk, "/home/alice/.ssh"}), false},
      {"somebody's home mounted elsewhere", "/mnt/h", at("/mnt/h", {disk, "/home/alice"}), false},
      {"a project in a home", "/home/alice/project", file_at("/home/alice/project"), true},
      {"a project's own .docker", "/home/alice/project/.docker", file_at("/home/alice/project/.docker"), true},
      {"a directory of the host", "/srv/www", file_at("/srv/www"), true},
      {"a name that only begins like /etc", "/etcetera", file_at("/etcetera"), true},
      {"a disk of its own", "/data", at("/data", {0x99, "/"}), true},
      {"a disk", "/srv/disk", file_at("/srv/disk", S_IFBLK | 0600), false},
      {"a character device", "/srv/fuse", file_at("/srv/fuse", S_IFCHR | 0600), false},
      {"a pipe", "/srv/pipe", file_at("/srv/pipe", S_IFIFO | 0600), true},
      {"a namespace, which has no path", "/proc/1/ns/net", at("", {}, S_IFREG | 0444), false},
      {"a path that is gone", "/gone", {}, false},
      {"no source at all", "", {}, false},
  };
  for (const Row& row : rows) {
    check(row, docker_host(), "/x", {"rbind"});
    check(row, docker_host(), "/x", {"rbind", "ro"});
  }
}

TEST_CASE("sensitive-mounts: what the engine mounts itself, and what only looks like it") {
  const Row rows[] = {
      {"its hosts file", own + "/hosts", file_at(own + "/hosts", S_IFREG | 0644), true},
      {"its secrets", own + "/mounts/secrets", file_at(own + "/mounts/secrets"), true},
      {"its shared memory, a tmpfs", own + "/mounts/shm", at(own + "/mounts/shm", {0x77, "/"}), true},
      {"the hosts file of the container whose network it shares", other + "/hosts", file_at(other + "/hosts"), true},
      {"the shared memory of another container", other + "/mounts/shm", at(other + "/mounts/shm", {0x78, "/"}), true},
      {"a named volume", volume, file_at(volume), true},
      {"a directory of a volume", volume + "/a/b", file_at(volume + "/a/b"), true},
      {"a volume over an ordinary directory", volume, at(volume, {disk, "/srv/data"}), true},
      {"a volume on a disk of its own", volume, at(volume, {0x99, "/"}), true},
      {"a volume over /etc", volume, at(volume, {disk, "/etc"}), false, "/etc"},
      {"a volume over the root", volume, at(volume, {disk, "/"}), false, "/"},
      {"a volume over the engine's directory", volume, at(volume, {disk, "/var/lib/docker"}), false, "/var/lib/docker"},
      {"a volume over another container's secrets", volume, at(volume, {disk, other}), false, "/var/lib/docker"},
      {"a link in a volume to /etc", volume + "/link", file_at("/etc"), false},
      {"its whole directory, with all secrets", own, file_at(own), false},
      {"another container's directory", other, file_at(other), false},
      {"another container's secrets", other + "/mounts/secrets", file_at(other + "/mounts/secrets"), false},
      {"another container's root", "/x", file_at("/var/lib/docker/overlay2/a/merged"), false},
      {"all volumes", "/x", file_at("/var/lib/docker/volumes"), false},
      {"a volume's metadata", "/x", file_at("/var/lib/docker/volumes/metadata.db", S_IFREG | 0600), false},
      {"the engine's directory", "/x", file_at("/var/lib/docker"), false},
  };
  for (const Row& row : rows) check(row, docker_host(), usual_place(row.source), {"rbind"});
}

TEST_CASE("sensitive-mounts: a file system of the kernel is known wherever it is mounted, and by whomever") {
  // `docker volume create -o type=proc -o device=proc`: a super block of its own, as each mount of proc has since 5.8.
  const auto on = [](const std::string& resolved, const std::string& file_system, std::uint64_t device = 0x77) {
    host::PathFact fact = at(resolved, {device, "/"});
    fact.file_system = file_system;
    return fact;
  };
  const Row rows[] = {
      {"a volume of type proc", volume, on(volume, "proc"), false},
      {"a directory of such a volume", volume + "/sys", on(volume + "/sys", "proc"), false},
      {"proc in a chroot", "/srv/root/proc", on("/srv/root/proc", "proc"), false},
      {"a volume that takes orders for binary formats", volume, on(volume, "binfmt_misc"), false},
      {"a volume of control groups", volume, on(volume, "cgroup2"), false},
      {"a volume of type debugfs", volume, on(volume, "debugfs"), false},
      {"a volume whose lower layer is /etc", volume, on(volume, "overlay"), false},
      {"a volume of type tmpfs", volume, on(volume, "tmpfs"), true},
      {"a volume of type nfs", volume, on(volume, "nfs4"), true},
      {"a volume on a host that lies on an overlay", volume, on(volume, "overlay", disk), true},
  };
  for (const Row& row : rows) {
    Row there = row;
    if (row.fact.location.device == disk) there.fact.location.path = volume;
    check(there, docker_host(), "/x", {"rbind"});
  }
}

TEST_CASE("sensitive-mounts: what is mounted below a source is judged when it comes along") {
  const auto with = [](const std::string& target, host::Location location, const std::string& file_system) {
    host::PathFact fact = file_at("/srv/root");
    host::PathFact below;
    below.exists = true;
    below.resolved = target;
    below.location = std::move(location);
    below.file_system = file_system;
    fact.mounted_below.push_back(below);
    return fact;
  };
  const Row rows[] = {
      {"a chroot's /proc", "/srv/root", with("/srv/root/proc", {0x77, "/"}, "proc"), false},
      {"a chroot's /dev", "/srv/root", with("/srv/root/dev", {0x06, "/"}, "devtmpfs"), false},
      {"the host's /etc", "/srv/root", with("/srv/root/etc", {disk, "/etc"}, "ext4"), false},
      {"a file of the host's /etc", "/srv/root", with("/srv/root/passwd", {disk, "/etc/passwd"}, "ext4"), false},
      {"somebody's keys", "/srv/root", with("/srv/root/k", {disk, "/home/alice/.ssh"}, "ext4"), false},
      {"a whole other root", "/srv/root", with("/srv/root/host", {disk, "/"}, "ext4"), false},
      {"a layered file system", "/srv/root", with("/srv/root/m", {0x78, "/"}, "overlay"), false},
      {"another disk", "/srv/root", with("/srv/root/data", {0x99, "/"}, "xfs"), true},
      {"another directory of the same disk", "/srv/root", with("/srv/root/data", {disk, "/srv/data"}, "ext4"), true},
      {"a directory that was removed", "/srv/root", with("/srv/root/gone", {}, "ext4"), true},
  };
  for (const Row& row : rows) {
    check(row, docker_host(), "/x", {"rbind"});
    check({row.says + ", left behind", row.source, row.fact, true}, docker_host(), "/x", {"bind"});
  }
  Facts facts = docker_host();
  facts.paths = {{"/srv/root", rows[0].fact}};
  CHECK(refusal(controls::sensitive_mounts, spec_with(bind_mount("/srv/root", "/x")), Policy{}, facts) ==
        R"(the mount "/srv/root/proc" below the bind source "/srv/root" is the kernel's own file system proc)");
}

TEST_CASE("sensitive-mounts: of its own directory a container gets what Docker mounts, where it belongs") {
  const auto fact_of = [](const std::string& name) { return file_at(own + "/" + name, S_IFREG | 0644); };
  check({"its names", "/x", fact_of("hosts"), true}, docker_host(), "/etc/hosts", {"rbind"});
  check({"its names elsewhere", "/x", fact_of("hosts"), false}, docker_host(), "/x", {"rbind"});
  check({"another one's names", "/x", file_at(other + "/hosts", S_IFREG | 0644), true}, docker_host(), "/etc/hosts",
        {"rbind"});
  check({"another one's names elsewhere", "/x", file_at(other + "/hosts", S_IFREG | 0644), false}, docker_host(), "/x",
        {"rbind"});
  check({"its secrets", "/x", fact_of("mounts/secrets/key"), true}, docker_host(), "/run/secrets/key", {"rbind"});
  for (const char* name : {"config.v2.json", "hostconfig.json", "0123-json.log", "checkpoints"})
    check({name, "/x", fact_of(name), false}, docker_host(), "/etc/hosts", {"rbind"});
}

TEST_CASE("sensitive-mounts: Podman's, containerd's and the kubelet's own files") {
  Facts facts = docker_host();
  facts.engine_directory.clear();
  facts.graph_roots = {"/var/lib/containers/storage", "/run/containerd", "/var/lib/containerd", "/var/lib/kubelet"};
  const std::string sandbox = "io.containerd.grpc.v1.cri/sandboxes/f00";
  struct Place {
    std::string source;
    bool fine;
    std::string destination = "/x";
  };
  const Place rows[] = {
      {"/run/containers/storage/overlay-containers/f00/userdata/hosts", true, "/etc/hosts"},
      {"/run/containers/storage/overlay-containers/f00/userdata/hosts", false},
      {"/run/containers/storage/overlay-containers/f00/userdata/run/secrets", true},
      {"/run/containers/storage/overlay-containers/f00/userdata/config.json", false},
      {"/var/lib/containers/storage/volumes/v/_data", true},
      {"/var/lib/containers/storage/overlay/f00/diff", false},
      {"/run/containerd/" + sandbox + "/shm", true, "/dev/shm"},
      {"/var/lib/containerd/" + sandbox + "/resolv.conf", true, "/etc/resolv.conf"},
      {"/var/lib/containerd/io.containerd.metadata.v1.bolt", false},
      {"/var/lib/kubelet/pods/f00/volumes/kubernetes.io~empty-dir/cache", true},
      {"/var/lib/kubelet/pods/f00/etc-hosts", true, "/etc/hosts"},
      {"/var/lib/kubelet/pods/f00", false},
      {"/var/lib/kubelet/pki", false},
  };
  for (const auto& [source, fine, destination] : rows) {
    host::PathFact fact = file_at(source);
    if (source.rfind("/run", 0) == 0) fact.location = {0x18, source.substr(4)};
    check({source, source, fact, fine}, facts, destination, {"rbind"});
  }
}

TEST_CASE("sensitive-mounts: time zone and certificates are harmless when read-only") {
  const Row rows[] = {
      {"the time zone, a link", "/etc/localtime", file_at("/usr/share/zoneinfo/Europe/Paris", S_IFREG | 0644), true},
      {"the time zone, a file", "/etc/localtime", file_at("/etc/localtime", S_IFREG | 0644), true},
      {"certificates", "/etc/ssl/certs", file_at("/etc/ssl/certs"), true},
      {"keys beside the certificates", "/etc/ssl/private", file_at("/etc/ssl/private"), false},
      {"certificates that are something else", "/etc/ssl/certs", at("/etc/ssl/certs", {disk, "/etc/ssh"}), false,
       "/etc"},
      {"the time zone as a link to the passwords", "/etc/localtime", file_at("/etc/shadow", S_IFREG | 0640), false},
  };
  for (const Row& row : rows) check(row, docker_host(), row.source, {"rbind", "ro"});
  check({"a writable time zone", "/etc/localtime", file_at("/usr/share/zoneinfo/UTC", S_IFREG | 0644), false},
        docker_host(), "/etc/localtime", {"rbind"});
  check({"read-only taken back", "/etc/ssl/certs", file_at("/etc/ssl/certs"), false}, docker_host(), "/x",
        {"ro", "rw"});
  check({"read-only taken back recursively", "/etc/ssl/certs", file_at("/etc/ssl/certs"), false}, docker_host(), "/x",
        {"rbind", "ro", "rrw"});
}

TEST_CASE("sensitive-mounts: --init is a read-only program of the host at its own place, and nothing else is") {
  const host::PathFact init = file_at("/usr/bin/docker-init", S_IFREG | 0755);
  host::PathFact exchangeable = init;
  exchangeable.root_controlled = false;
  const std::string source = "/usr/bin/docker-init";
  check({"Docker's --init", source, init, true}, docker_host(), "/sbin/docker-init", {"bind", "ro"});
  check({"a link to tini", source, file_at("/usr/bin/tini-static", S_IFREG | 0755), true}, docker_host(),
        "/sbin/docker-init", {"bind", "ro"});
  check({"writable", source, init, false}, docker_host(), "/sbin/docker-init", {"bind"});
  check({"elsewhere", source, init, false}, docker_host(), "/x", {"bind", "ro"});
  check({"a link to the passwords", source, file_at("/etc/shadow", S_IFREG | 0640), false}, docker_host(),
        "/sbin/docker-init", {"bind", "ro"});
  check({"somebody's to exchange", source, exchangeable, false}, docker_host(), "/sbin/docker-init", {"bind", "ro"});
  check({"a directory", source, file_at("/usr/bin/docker-init"), false}, docker_host(), "/sbin/docker-init",
        {"bind", "ro"});
}

TEST_CASE("sensitive-mounts: leaves sockets to engine-sockets, and the host's shared memory to the profile") {
  Facts facts = docker_host();
  facts.paths["/srv/app.sock"] = file_at("/srv/app.sock", S_IFSOCK | 0666);
  facts.paths["/dev/shm"] = at("/dev/shm", {0x66, "/"});
  CHECK(refusal(controls::sensitive_mounts, spec_with(bind_mount("/srv/app.sock", "/x")), Policy{}, facts).empty());
  const Spec shm = spec_with(bind_mount("/dev/shm", "/dev/shm"));
  CHECK_FALSE(refusal(controls::sensitive_mounts, shm, Policy{}, facts).empty());
  Policy policy;
  policy.profile.namespaces = {"ipc"};
  CHECK(refusal(controls::sensitive_mounts, shm, policy, facts).empty());
}

TEST_CASE("sensitive-mounts: an engine whose directory is in no table is guarded as well") {
  Facts facts = docker_host();
  facts.graph_roots = {"/data/docker"};
  check({"its directory", "/x", file_at("/data/docker"), false}, facts, "/x", {"rbind"});
  check({"a layer", "/x", file_at("/data/docker/overlay2/a/diff"), false}, facts, "/x", {"rbind"});
  check({"its parent", "/x", file_at("/data"), false}, facts, "/x", {"rbind"});
  check({"a volume", "/x", file_at("/data/docker/volumes/v/_data"), true}, facts, "/x", {"rbind"});
  check({"its neighbour", "/x", file_at("/data/docker-backup"), true}, facts, "/x", {"rbind"});
  // docker volume create -o type=none -o o=bind -o device=…
  host::SensitiveFact root{"/data/docker", false, true, at("/data/docker", {disk, "/srv/docker"})};
  root.fact.exists = true;
  facts.engine_roots = {root};
  const auto made_of = [](const char* place) { return at("/data/docker/volumes/v/_data", {disk, place}); };
  check({"a volume in place", "/x", made_of("/srv/docker/volumes/v/_data"), true}, facts, "/x", {"rbind"});
  check({"a volume of the engine's directory", "/x", made_of("/srv/docker"), false, "/data/docker"}, facts, "/x",
        {"rbind"});
  check({"a volume of all layers", "/x", made_of("/srv/docker/overlay2"), false, "/data/docker"}, facts, "/x",
        {"rbind"});
  check({"a volume of another one", "/x", made_of("/srv/docker/volumes/w/_data"), false, "/data/docker"}, facts, "/x",
        {"rbind"});
  check({"a volume of what is above", "/x", made_of("/srv"), false, "/data/docker"}, facts, "/x", {"rbind"});
  check({"a volume of a neighbour", "/x", made_of("/srv/docker-backup"), true}, facts, "/x", {"rbind"});
  check(
      {"the same place by another name", "/x", at("/elsewhere", {disk, "/srv/docker/overlay2"}), false, "/data/docker"},
      facts, "/x", {"rbind"});
}

TEST_CASE("sensitive-mounts: Docker's own specs pass, its hostile bind does not") {
  for (const char* name : {"docker-default.json", "docker-limits.json"}) {
    INFO(name);
    const Spec spec = read_spec(name);
    CHECK(refusal(controls::sensitive_mounts, spec, Policy{}, facts_for(spec)).empty());
  }
  const Spec spec = read_spec("docker-privileged.json");
  const std::string reason = refusal(controls::sensitive_mounts, spec, Policy{}, facts_for(spec));
  CHECK(reason == R"(the bind source "/etc" is /etc of the host)");
}

TEST_CASE("sensitive-mounts: what is gone is said so without the words dockerd takes for a missing command") {
  const std::string reason =
      refusal(controls::sensitive_mounts, spec_with(bind_mount("/gone", "/x")), Policy{}, docker_host());
  CHECK(reason == R"(the bind source "/gone" does not exist)");
}
