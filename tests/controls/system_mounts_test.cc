#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

struct Row {
  std::string says;
  Json mount;
  bool fine;
};

Json mount_of(const std::string& type, const std::string& destination) {
  return {{"destination", destination}, {"type", type}, {"source", type}, {"options", Json::array()}};
}

Facts host_with_sources() {
  Facts facts = docker_host();
  for (const std::string& source :
       {own + "/mounts/shm", std::string("/var/lib/docker/containers/9876/mounts/shm"), std::string("/srv"),
        std::string("/var/lib/docker/volumes/v/_data"), std::string("/sys"), std::string("/proc"), std::string("/dev"),
        std::string("/dev/shm"), std::string("/dev/mqueue")})
    facts.paths[source] = file_at(source);
  facts.paths["/dev/tty1"] = file_at("/dev/tty1", S_IFCHR | 0600);
  facts.paths["/usr/bin/catatonit"] = file_at("/usr/bin/catatonit", S_IFREG | 0755);
  return facts;
}

}  // namespace

TEST_CASE("system-mounts: /proc, /sys and /dev stay the runtime's") {
  const Facts facts = host_with_sources();
  const Row rows[] = {
      {"proc at /proc", mount_of("proc", "/proc"), true},
      {"proc at /proc/ is the same", mount_of("proc", "//proc/"), true},
      {"sysfs at /sys", mount_of("sysfs", "/sys"), true},
      {"control groups", mount_of("cgroup2", "/sys/fs/cgroup"), true},
      {"pseudo terminals", mount_of("devpts", "/dev/pts"), true},
      {"message queues", mount_of("mqueue", "/dev/mqueue"), true},
      {"the engine's /dev", mount_of("tmpfs", "/dev"), true},
      {"the engine's /dev/shm", mount_of("tmpfs", "/dev/shm"), true},
      {"--ipc shareable", bind_mount(own + "/mounts/shm", "/dev/shm"), true},
      {"--ipc container:X", bind_mount("/var/lib/docker/containers/9876/mounts/shm", "/dev/shm"), true},
      {"podman --init", bind_mount("/usr/bin/catatonit", "/dev/init", {"bind", "ro"}), true},
      {"a volume as shared memory", bind_mount("/var/lib/docker/volumes/v/_data", "/dev/shm"), true},
      {"a volume elsewhere", bind_mount("/srv", "/srv"), true},
      {"a name that only begins like /proc", bind_mount("/srv", "/process"), true},
      {"proc somewhere else, where nothing is masked", mount_of("proc", "/host/proc"), false},
      {"sysfs somewhere else", mount_of("sysfs", "/mnt"), false},
      {"control groups somewhere else", mount_of("cgroup", "/cg"), false},
      {"a second devpts", mount_of("devpts", "/pts"), false},
      {"a volume over /proc", bind_mount("/srv", "/proc"), false},
      {"a volume below /proc", bind_mount("/srv", "/proc/sys/kernel/"), false},
      {"a volume over /proc in disguise", bind_mount("/srv", "/./proc//self"), false},
      {"a tmpfs below /sys", mount_of("tmpfs", "/sys/firmware"), false},
      {"the host's /sys", bind_mount("/sys", "/sys", {"rbind", "ro"}), false},
      {"the host's /proc", bind_mount("/proc", "/proc"), false},
      {"proc as a bind by its option",
       {{"destination", "/proc"}, {"type", "proc"}, {"source", "/srv"}, {"options", {"rbind"}}},
       false},
      {"the host's /dev", bind_mount("/dev", "/dev"), false},
      {"an engine's volume over /dev", bind_mount("/var/lib/docker/volumes/v/_data", "/dev"), false},
      {"an engine's volume over the terminals", bind_mount("/var/lib/docker/volumes/v/_data", "/dev/pts"), false},
      {"an engine's volume as a new device", bind_mount("/var/lib/docker/volumes/v/_data", "/dev/data"), false},
      {"a terminal over the console", bind_mount("/dev/tty1", "/dev/console"), false},
      {"a directory over /dev/shm, without any limit", bind_mount("/srv", "/dev/shm"), false},
      {"the host's shared memory", bind_mount("/dev/shm", "/dev/shm"), false},
      {"a writable init program", bind_mount("/usr/bin/catatonit", "/dev/init", {"bind"}), false},
      {"a source nobody looked at", bind_mount("/unknown", "/dev/x"), false},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    CHECK(refusal(controls::system_mounts, spec_with(row.mount), Policy{}, facts).empty() == row.fine);
  }
}

TEST_CASE("system-mounts: the host's shared memory comes with its IPC namespace, where the profile grants that") {
  Policy policy;
  policy.profile.namespaces = {"ipc"};
  const Facts facts = host_with_sources();
  CHECK(refusal(controls::system_mounts, spec_with(bind_mount("/dev/shm", "/dev/shm")), policy, facts).empty());
  CHECK(refusal(controls::system_mounts, spec_with(bind_mount("/dev/mqueue", "/dev/mqueue")), policy, facts).empty());
  CHECK_FALSE(refusal(controls::system_mounts, spec_with(bind_mount("/srv", "/dev/shm")), policy, facts).empty());
}

TEST_CASE("system-mounts: Docker's own specs pass, and the subject is the destination as it was spelled") {
  for (const char* name : {"docker-default.json", "docker-limits.json"}) {
    const Spec spec = read_spec(name);
    CHECK(refusal(controls::system_mounts, spec, Policy{}, facts_for(spec)).empty());
  }
  const auto found =
      subjects(controls::system_mounts, spec_with(bind_mount("/srv", "/proc//x")), Policy{}, docker_host());
  CHECK(found == std::vector<std::string>{"/proc//x"});
}
