#include <algorithm>

#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

using Options = std::vector<std::string>;

Json mount_of(const std::string& type, const std::string& destination, const Options& options) {
  return {{"destination", destination}, {"type", type}, {"source", type}, {"options", options}};
}

Options after_clamp(const Json& mount, const Facts& facts = docker_host(), const Policy& policy = {}) {
  Options options = clamped(controls::mount_options, spec_with(mount), policy, facts).strings("/mounts/0/options");
  std::sort(options.begin(), options.end());
  return options;
}

struct Row {
  std::string says;
  Json mount;
  Options after;  // sorted
};

}  // namespace

TEST_CASE("mount-options: every kind of mount gets its flags") {
  const Row rows[] = {
      {"a volume may hold programs, but none that give privileges",
       bind_mount("/srv", "/srv"),
       {"nodev", "nosuid", "rbind"}},
      {"a volume that has them", bind_mount("/srv", "/srv", {"bind", "nosuid", "nodev"}), {"bind", "nodev", "nosuid"}},
      {"a tmpfs", mount_of("tmpfs", "/t", {"size=1m"}), {"nodev", "noexec", "nosuid", "size=1m"}},
      {"/dev keeps its devices", mount_of("tmpfs", "/dev", {"strictatime"}), {"noexec", "nosuid", "strictatime"}},
      {"pseudo terminals are devices", mount_of("devpts", "/dev/pts", {"gid=5"}), {"gid=5", "noexec", "nosuid"}},
      {"proc", mount_of("proc", "/proc", {}), {"nodev", "noexec", "nosuid"}},
      {"message queues", mount_of("mqueue", "/dev/mqueue", {}), {"nodev", "noexec", "nosuid"}},
      {"/sys of a privileged container", mount_of("sysfs", "/sys", {"nosuid"}), {"nodev", "noexec", "nosuid", "ro"}},
      {"writable control groups", mount_of("cgroup", "/sys/fs/cgroup", {"rw"}), {"nodev", "noexec", "nosuid", "ro"}},
      {"recursively writable control groups",
       mount_of("cgroup2", "/sys/fs/cgroup", {"ro", "rrw"}),
       {"nodev", "noexec", "nosuid", "ro"}},
      {"a tmpfs with everything a user can ask for",
       mount_of("tmpfs", "/t", {"exec", "suid", "dev"}),
       {"nodev", "noexec", "nosuid"}},
      {"a tmpfs where the last word counts",
       mount_of("tmpfs", "/t", {"nosuid", "nodev", "noexec", "suid", "rdev"}),
       {"nodev", "noexec", "nosuid"}},
      {"a volume with devices",
       bind_mount("/srv", "/srv", {"rbind", "suid", "rsuid", "dev", "exec"}),
       {"exec", "nodev", "nosuid", "rbind"}},
      {"a volume with what only begins like its flags",
       bind_mount("/srv", "/srv", {"rbind", "nosuid=", "nodev=1", "nodev==="}),
       {"nodev", "nosuid", "rbind"}},
      {"control groups that are read-only in name",
       mount_of("cgroup2", "/sys/fs/cgroup", {"nosuid", "nodev", "noexec", "ro=1"}),
       {"nodev", "noexec", "nosuid", "ro"}},
      {"a type nobody knows is for mount-types", mount_of("bpf", "/b", {}), {}},
  };
  for (const Row& row : rows) {
    INFO(row.says);
    CHECK(after_clamp(row.mount) == row.after);
  }
}

TEST_CASE("mount-options: what a user wrote is an excess, what the engine wrote is tightened") {
  const auto asked = [](const Json& mount) {
    return subjects(controls::mount_options, spec_with(mount), Policy{}, docker_host());
  };
  CHECK(asked(mount_of("tmpfs", "/t", {"exec", "suid"})) == Options{"/t:suid", "/t:exec"});
  CHECK(asked(bind_mount("/srv", "/srv", {"rdev"})) == Options{"/srv:rdev"});
  CHECK(asked(mount_of("sysfs", "/sys", {"rw"})).empty());
  CHECK(asked(mount_of("tmpfs", "/dev", {"suid", "exec"})).empty());
  const Spec warned =
      tightened(controls::mount_options, spec_with(mount_of("tmpfs", "/t", {"exec"})), Policy{}, docker_host());
  CHECK(warned.strings("/mounts/0/options") == Options{"exec", "nosuid", "nodev"});
}

TEST_CASE("mount-options: read-only holds for the mounts below, where runtime and kernel can do it") {
  struct Case {
    std::string says;
    host::RuntimeFact runtime;
    int kernel_major, kernel_minor;
    Options options;
    bool recursive;
  };
  const host::RuntimeFact runc{"/r", host::RuntimeKind::runc, 1, 1, 5};
  const Case cases[] = {
      {"a recursive bind", runc, 6, 1, {"rbind", "ro"}, true},
      {"one that already has it", runc, 6, 1, {"rbind", "ro", "rro"}, true},
      {"one without the mounts below", runc, 6, 1, {"bind", "ro"}, false},
      {"a writable one", runc, 6, 1, {"rbind"}, false},
      {"one that is writable in the end", runc, 6, 1, {"rbind", "ro", "rw"}, false},
      {"one writable below", runc, 6, 1, {"rbind", "ro", "rrw"}, false},
      {"an old kernel", runc, 5, 11, {"rbind", "ro"}, false},
      {"the first kernel", runc, 5, 12, {"rbind", "ro"}, true},
      {"an old runc", {"/r", host::RuntimeKind::runc, 1, 0, 3}, 6, 1, {"rbind", "ro"}, false},
      {"crun", {"/r", host::RuntimeKind::crun, 1, 4, 0}, 6, 1, {"rbind", "ro"}, true},
      {"an old crun", {"/r", host::RuntimeKind::crun, 1, 3, 0}, 6, 1, {"rbind", "ro"}, false},
      {"a runtime nobody knows", {"/r", host::RuntimeKind::other, 9, 9, 9}, 6, 1, {"rbind", "ro"}, false},
  };
  for (const Case& row : cases) {
    INFO(row.says);
    Facts facts = docker_host();
    facts.runtime = row.runtime;
    facts.kernel_major = row.kernel_major;
    facts.kernel_minor = row.kernel_minor;
    const Options after = after_clamp(bind_mount("/srv", "/srv", row.options), facts);
    CHECK((std::count(after.begin(), after.end(), "rro") == 1) == row.recursive);
  }
}

TEST_CASE("mount-options: nothing is mounted below a file") {
  Facts facts = docker_host();
  facts.runtime = {"/r", host::RuntimeKind::crun, 1, 8, 1};
  facts.kernel_major = 6;
  facts.paths["/srv/page"] = file_at("/srv/page", S_IFREG | 0644);
  facts.paths["/srv/site"] = file_at("/srv/site", S_IFDIR | 0755);
  CHECK(after_clamp(bind_mount("/srv/page", "/page", {"rbind", "ro"}), facts) ==
        Options{"nodev", "nosuid", "rbind", "ro"});
  CHECK(after_clamp(bind_mount("/srv/site", "/site", {"rbind", "ro"}), facts) ==
        Options{"nodev", "nosuid", "rbind", "ro", "rro"});
}

TEST_CASE("mount-options: the engine's name files are read-only, a user's are the user's") {
  Facts facts = docker_host();
  facts.paths[own + "/hosts"] = file_at(own + "/hosts", S_IFREG | 0644);
  facts.paths["/srv/hosts"] = file_at("/srv/hosts", S_IFREG | 0644);
  const Options closed{"nodev", "nosuid", "rbind", "ro"};
  const Options open{"nodev", "nosuid", "rbind"};
  Policy persistent;
  persistent.profile.rootfs = policy::Rootfs::persistent;
  CHECK(after_clamp(bind_mount(own + "/hosts", "/etc/hosts"), facts) == closed);
  CHECK(after_clamp(bind_mount(own + "/hosts", "/etc/hosts", {"rbind", "rw"}), facts) == closed);
  facts.engine_directory = own;
  CHECK(after_clamp(bind_mount(own + "/hosts", "/etc/hosts"), facts, persistent) == open);
  facts.engine_directory = own + "-of-another";
  CHECK(after_clamp(bind_mount(own + "/hosts", "/etc/hosts"), facts, persistent) == closed);
  CHECK(after_clamp(bind_mount(own + "/hosts", "/srv/hosts"), facts) == open);
  CHECK(after_clamp(bind_mount("/srv/hosts", "/etc/hosts"), facts) == open);
  CHECK(after_clamp(bind_mount("/unknown", "/etc/hosts"), facts) == open);
}

TEST_CASE("mount-options: a device that was let in stays usable") {
  Facts facts = docker_host();
  facts.paths["/dev/fuse"] = file_at("/dev/fuse", S_IFCHR | 0666);
  CHECK(after_clamp(bind_mount("/dev/fuse", "/dev/fuse", {"bind"}), facts) == Options{"bind", "nosuid"});
}

TEST_CASE("mount-options: mounts without options, and Docker's own specs, end up complete") {
  const Spec bare(Json::parse(
      R"({"mounts":[{"destination":"/x","type":"bind","source":"/srv"},
                    {"destination":"/t","type":"tmpfs","options":null}]})"));
  const Spec after = clamped(controls::mount_options, bare, Policy{}, docker_host());
  CHECK(after.document()["mounts"][0]["options"] == Json::array({"nosuid", "nodev"}));
  CHECK(after.document()["mounts"][1]["options"] == Json::array({"nosuid", "nodev", "noexec"}));
  for (const char* name :
       {"docker-default.json", "docker-hostile.json", "docker-privileged.json", "docker-limits.json"}) {
    INFO(name);
    const Spec spec = read_spec(name);
    const Facts facts = facts_for(spec);
    CHECK(subjects(controls::mount_options, spec, Policy{}, facts).empty());
    const Spec hard = clamped(controls::mount_options, spec, Policy{}, facts);
    for (const Json& mount : hard.elements("/mounts")) CHECK(oci::find(mount, "/options/nosuid") != nullptr);
  }
}
