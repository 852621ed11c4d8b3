#include "rootfs/small_namespace.h"

#include <sched.h>

#include <algorithm>
#include <stdexcept>

#include "host/sandbox.h"
#include "rootfs/empty_namespace.h"

using namespace hardened;
using rootfs::empty_namespace;
using rootfs::enter_small_namespace;
using rootfs::wanted_mounts;

namespace {

constexpr char state[] = "/mnt/state";

host::MountTable mounts() {
  auto table = host::MountTable::read();
  if (!table) throw std::runtime_error(table.error().message);
  return std::move(*table);
}

std::ptrdiff_t count_at(const std::string& path) {
  const host::MountTable table = mounts();
  const auto ids = table.all().value();
  return std::count_if(ids.begin(), ids.end(),
                       [&](std::uint64_t id) { return table.find(id).value()->target == path; });
}

bool is_mount_point(const std::string& path) {
  return count_at(path) > 0;
}

ino_t identity(const char* path) {
  struct stat status {};
  return ::stat(path, &status) == 0 ? status.st_ino : 0;
}

ino_t mount_namespace() {
  return identity("/proc/self/ns/mnt");
}

Result<bool> enter(const std::vector<std::string>& needed = {}) {
  sandbox::make_directory(state, 0711);
  return enter_small_namespace(state, mounts(), needed);
}

bool entered(const Result<bool>& result) {
  return result && *result;
}
bool stayed(const Result<bool>& result) {
  return result && !*result;
}

void make_tmpfs(const std::string& path) {
  sandbox::make_directory(path);
  if (::mount("tmpfs", path.c_str(), "tmpfs", 0, "mode=0755") != 0) throw std::runtime_error("no tmpfs at " + path);
}

void make_overlay(const std::string& path) {
  sandbox::make_directory(path);
  sandbox::make_directory("/mnt/lower1");
  sandbox::make_directory("/mnt/lower2");
  if (::mount("overlay", path.c_str(), "overlay", 0, "lowerdir=/mnt/lower1:/mnt/lower2") != 0)
    throw std::runtime_error("no overlay at " + path);
}

// On one processor: see empty_namespace() on Linux 6.18.
void run(const std::function<std::string()>& body) {
  sandbox::run([&body]() -> std::string {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(::sched_getcpu(), &one);
    EXPECT(::sched_setaffinity(0, sizeof one, &one) == 0 && ::unshare(CLONE_NEWNS) == 0);
    return body();
  });
}

std::vector<std::string> targets(const std::vector<rootfs::Wanted>& wanted) {
  std::vector<std::string> result;
  for (const rootfs::Wanted& mount : wanted) result.push_back(mount.target);
  return result;
}

}  // namespace

TEST_CASE(
    "small namespace: what is needed and what hangs below /proc and /sys goes along, those above before those below") {
  const auto table = host::MountTable::parse(
      "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"
      "2 1 0:6 / /run rw - tmpfs tmpfs rw\n"
      "3 2 0:7 mnt:[1] /run/netns/a rw - nsfs nsfs rw\n"
      "4 2 0:8 / /run/user rw - tmpfs tmpfs rw\n"
      "10 1 0:30 / /srv rw - nfs4 server:/ rw\n"
      "11 10 8:2 / /srv/disk rw - ext4 /dev/sdb1 rw\n"
      "12 1 0:31 / /auto rw - autofs systemd-1 rw\n"
      "13 12 0:32 / /auto rw - tmpfs tmpfs rw\n"
      "30 1 0:5 / /proc rw - proc proc rw\n"
      "31 30 0:33 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n"
      "32 31 0:34 / /proc/sys/fs/binfmt_misc rw - tmpfs none rw\n"
      "29 20 0:35 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
      "28 20 0:36 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
      "21 1 0:37 / /sys rw - sysfs sysfs rw\n"
      "20 21 0:38 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
      "22 21 0:39 / /sys/fs/fuse/connections rw - fusectl fusectl rw\n"
      "23 21 0:40 / /dev/shm rw - tmpfs tmpfs rw\n"
      "24 23 0:41 / /dev/shm rw - tmpfs tmpfs rw\n");
  constexpr std::uint64_t root = 1, run = 2, netns = 3, disk = 11, tmpfs = 13, sys = 21, proc = 30, gone = 99;
  const auto wanted = [&table](const std::vector<std::uint64_t>& needed, const std::vector<std::uint64_t>& furnished) {
    return targets(wanted_mounts(table, needed, furnished).value());
  };
  using Targets = std::vector<std::string>;
  CHECK(wanted({}, {}).empty());
  CHECK(wanted({root, run, gone}, {}) == Targets{"/", "/run"});
  CHECK(wanted({disk, netns}, {}) == Targets{"/", "/run", "/srv", "/srv/disk", "/run/netns/a"});
  CHECK(wanted({tmpfs}, {}) == Targets{"/", "/auto"});
  CHECK(wanted({root, proc, sys}, {proc, sys}) == Targets{"/", "/proc", "/sys", "/dev/shm", "/sys/fs/cgroup",
                                                          "/sys/fs/cgroup/unified", "/sys/fs/cgroup/memory",
                                                          "/sys/fs/fuse/connections"});
}

TEST_CASE("small namespace: has what is needed, nothing of other containers, and the same working directory") {
  run([]() -> std::string {
    make_tmpfs("/mnt/disk");
    make_overlay("/mnt/graph/one/merged");
    make_tmpfs("/mnt/graph/one/shm");
    make_overlay("/mnt/graph/mine/merged");
    sandbox::write_file("/mnt/disk/file", "the same");
    sandbox::make_directory("/mnt/state", 0711);
    const auto host = open_at(AT_FDCWD, "/mnt/state", O_PATH);
    const ino_t before = mount_namespace();
    EXPECT(::chdir("/mnt/disk") == 0);
    EXPECT(entered(
        enter({"/mnt/graph/mine/merged", "/mnt/state/later/c", "file", "/proc/self/exe", "/proc/self/ns/net"})));
    EXPECT(mount_namespace() != before);
    EXPECT(sandbox::read_file("file") == "the same" && sandbox::read_file("/mnt/disk/file") == "the same");
    EXPECT(is_mount_point("/mnt/graph/mine/merged") && is_mount_point("/proc") && is_mount_point("/mnt/disk"));
    EXPECT(!is_mount_point("/mnt/graph/one/merged") && !is_mount_point("/mnt/graph/one/shm"));
    // What is made in there is on the host's file systems.
    sandbox::make_directory("/mnt/state/later/c");
    EXPECT(host && ::faccessat(host->get(), "later/c", F_OK, 0) == 0);
    return {};
  });
}

TEST_CASE("small namespace: mounting in it stays in it, and an unmount on the host reaches it") {
  run([]() -> std::string {
    make_tmpfs("/mnt/disk");
    sandbox::make_directory("/mnt/own");
    EXPECT(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) == 0);
    int gone[2];
    int told[2];
    EXPECT(::pipe(gone) == 0 && ::pipe(told) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      char byte = 'n';
      if (entered(enter({"/mnt/disk"})) && ::mount("tmpfs", "/mnt/own", "tmpfs", 0, nullptr) == 0 &&
          is_mount_point("/mnt/disk"))
        byte = 'y';
      (void)!::write(told[1], &byte, 1);
      (void)!::read(gone[0], &byte, 1);
      ::_exit(byte == 'g' && !is_mount_point("/mnt/disk") && is_mount_point("/mnt/own") ? 0 : 1);
    }
    char byte = 'n';
    EXPECT(::read(told[0], &byte, 1) == 1 && byte == 'y');
    EXPECT(!is_mount_point("/mnt/own") && ::umount2("/mnt/disk", 0) == 0);
    EXPECT(::write(gone[1], "g", 1) == 1);
    int status = 1;
    EXPECT(::waitpid(child, &status, 0) == child && status == 0);
    return {};
  });
}

TEST_CASE("small namespace: is not entered where something needed would be another object in there") {
  run([]() -> std::string {
    sandbox::make_directory("/mnt/state", 0711);
    sandbox::write_file("/mnt/late/file", "covered");
    EXPECT(::chdir("/mnt/late") == 0);
    const host::MountTable earlier = mounts();
    make_tmpfs("/mnt/late");
    sandbox::write_file("/mnt/late/file", "mounted since");
    const ino_t before = mount_namespace();
    EXPECT(stayed(enter_small_namespace(state, earlier, {"/mnt/late/file"})));
    EXPECT(mount_namespace() == before && sandbox::read_file("/mnt/late/file") == "mounted since");
    EXPECT(sandbox::read_file("file") == "covered");
    return {};
  });
}

TEST_CASE("small namespace: is not entered where a link on the way leads to the same file by another mount") {
  for (const bool covered : {false, true}) {
    run([covered]() -> std::string {
      sandbox::make_directory("/mnt/data/d");
      for (const char* other : {"/mnt/ro", "/mnt/rw"}) {
        sandbox::make_directory(other);
        EXPECT(::mount("/mnt/data", other, nullptr, MS_BIND, nullptr) == 0);
      }
      EXPECT(::mount(nullptr, "/mnt/ro", nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr) == 0);
      sandbox::make_directory("/mnt/m");
      EXPECT(::symlink("/mnt/ro/d", "/mnt/m/l") == 0);
      if (covered) make_tmpfs("/mnt/m");
      if (covered) EXPECT(::symlink("/mnt/rw/d", "/mnt/m/l") == 0);
      // The mount that only holds a link does not go along.
      const auto result = enter({"/mnt/m/l", "/mnt/ro", "/mnt/rw"});
      EXPECT(covered ? stayed(result) : entered(result));
      return {};
    });
  }
}

TEST_CASE("small namespace: is not entered where something needed is a link to what is not there yet") {
  run([]() -> std::string {
    make_tmpfs("/mnt/disk");
    EXPECT(::symlink("/mnt/disk/pid", "/mnt/pid") == 0);
    EXPECT(stayed(enter({"/mnt/pid"})));
    sandbox::write_file("/mnt/disk/pid", "");
    EXPECT(entered(enter({"/mnt/pid"})) && is_mount_point("/mnt/disk"));
    return {};
  });
}

TEST_CASE("small namespace: a mount point moved behind a symbolic link leads nothing astray") {
  run([]() -> std::string {
    sandbox::make_directory("/mnt/state", 0711);
    make_tmpfs("/mnt/home/mine/disk");
    const host::MountTable earlier = host::MountTable::read_mountinfo().value();
    const std::vector<std::string> needed = {"/mnt/home/mine/disk", state};
    EXPECT(::rename("/mnt/home/mine", "/mnt/home/moved") == 0 && ::symlink("/mnt/home/moved", "/mnt/home/mine") == 0);
    const ino_t before = mount_namespace();
    EXPECT(stayed(enter_small_namespace(state, earlier, needed)) && mount_namespace() == before);
    // A link to somewhere else is another mount than the one of the table, which is left behind.
    EXPECT(::unlink("/mnt/home/mine") == 0 && ::symlink("/", "/mnt/home/mine") == 0);
    EXPECT(entered(enter_small_namespace(state, earlier, needed)) && !is_mount_point("/mnt/home/moved/disk"));
    return {};
  });
}

TEST_CASE("small namespace: is not entered from a root that is no mount, and that root stays") {
  run([]() -> std::string {
    for (const char* directory : {"/mnt/jail/proc", "/mnt/jail/mnt/state", "/mnt/jail/dev", "/mnt/jail/sys/fs/cgroup"})
      sandbox::make_directory(directory);
    EXPECT(::mount("proc", "/mnt/jail/proc", "proc", 0, nullptr) == 0);
    EXPECT(::chroot("/mnt/jail") == 0 && ::chdir("/mnt") == 0);
    const ino_t root = identity("/");
    const ino_t directory = identity(".");
    EXPECT(stayed(enter()) && identity("/") == root && identity(".") == directory);
    return {};
  });
}

TEST_CASE("empty namespace: is made once, and holds an empty directory that cannot be written") {
  run([]() -> std::string {
    sandbox::make_directory(state, 0711);
    int start[2];
    int told[2];
    EXPECT(::pipe(start) == 0 && ::pipe(told) == 0);
    constexpr int many = 16;
    for (int at = 0; at < many; ++at) {
      if (::fork() != 0) continue;
      char byte = 0;
      ::close(start[1]);
      (void)!::read(start[0], &byte, 1);
      const auto found = empty_namespace(state);
      struct stat status {};
      if (found) (void)::fstat(found->get(), &status);
      (void)!::write(told[1], &status.st_ino, sizeof status.st_ino);
      ::_exit(0);
    }
    ::close(start[1]);
    ino_t first = 0;
    EXPECT(::read(told[0], &first, sizeof first) == sizeof first && first != 0);
    for (int at = 1; at < many; ++at) {
      ino_t next = 0;
      EXPECT(::read(told[0], &next, sizeof next) == sizeof next && next == first);
    }
    while (::wait(nullptr) > 0) continue;
    EXPECT(count_at("/mnt/state/ns/empty-mnt") == 1);
    const auto empty = empty_namespace(state);
    EXPECT(empty && ::setns(empty->get(), CLONE_NEWNS) == 0 && ::mkdir("/x", 0700) != 0 && errno == EROFS);
    return {};
  });
}

TEST_CASE("empty namespace: is pinned although others receive what is mounted here") {
  run([]() -> std::string {
    sandbox::make_directory(state, 0711);
    EXPECT(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) == 0);
    int ready[2];
    EXPECT(::pipe(ready) == 0);
    const pid_t service = ::fork();
    if (service == 0) {
      const bool apart = ::unshare(CLONE_NEWNS) == 0 && ::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) == 0;
      (void)!::write(ready[1], apart ? "y" : "n", 1);
      for (;;) ::pause();
    }
    char byte = 'n';
    EXPECT(::read(ready[0], &byte, 1) == 1 && byte == 'y');
    const auto found = empty_namespace(state);
    ::kill(service, SIGKILL);
    ::waitpid(service, nullptr, 0);
    EXPECT(found && is_mount_point("/mnt/state/ns/empty-mnt"));
    return {};
  });
}

TEST_CASE("empty namespace: its pin is in no recursive clone of a directory above it") {
  run([]() -> std::string {
    sandbox::make_directory(state, 0711);
    EXPECT(empty_namespace(state).has_value());
    const Fd volume(::open_tree(AT_FDCWD, "/mnt", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
    EXPECT(volume.valid() && ::unshare(CLONE_NEWNS) == 0);
    sandbox::make_directory("/var/lib/volume");
    EXPECT(::move_mount(volume.get(), "", AT_FDCWD, "/var/lib/volume", MOVE_MOUNT_F_EMPTY_PATH) == 0);
    EXPECT(::access("/var/lib/volume/state/ns", F_OK) == 0 && !is_mount_point("/var/lib/volume/state/ns"));
    return {};
  });
}

TEST_CASE("empty namespace: is made anew where another thing has its name, and not where others may write") {
  run([]() -> std::string {
    sandbox::write_file("/mnt/state/ns/empty-mnt", "left over");
    const ino_t here = mount_namespace();
    EXPECT(empty_namespace(state).has_value() && mount_namespace() == here);
    EXPECT(sandbox::bind("/proc/self/ns/net", "/mnt/state/ns/empty-mnt"));
    const auto found = empty_namespace(state);
    EXPECT(found && ::setns(found->get(), CLONE_NEWNS) == 0);
    return {};
  });
  run([]() -> std::string {
    sandbox::make_directory(state, 0777);
    EXPECT(!empty_namespace(state));
    EXPECT(::chmod(state, 0711) == 0 && ::symlink("/mnt", "/mnt/state/ns") == 0);
    EXPECT(!empty_namespace(state));
    return {};
  });
}

TEST_CASE("empty namespace: is not made in a chroot that is a mount, for more than that root would be left in it") {
  run([]() -> std::string {
    make_tmpfs("/mnt/jail");
    sandbox::make_directory("/mnt/jail/proc");
    sandbox::make_directory("/mnt/jail/state");
    EXPECT(::mount("proc", "/mnt/jail/proc", "proc", 0, nullptr) == 0);
    EXPECT(::chroot("/mnt/jail") == 0 && ::chdir("/") == 0);
    const ino_t root = identity("/");
    EXPECT(!empty_namespace("/state") && identity("/") == root && !is_mount_point("/state/ns/empty-mnt"));
    return {};
  });
}
