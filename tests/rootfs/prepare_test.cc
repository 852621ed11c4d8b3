#include "rootfs/prepare.h"

#include <functional>
#include <stdexcept>

#include "host/sandbox.h"

using namespace hardened;
using rootfs::prepare;

namespace {

const rootfs::Places places = {"/mnt/state", "/mnt/state/mounts", "/mnt/state/grants/c/root", {}};

Json bind_of(const std::string& source, const char* option = "rbind") {
  return {{"destination", "/d"}, {"type", "bind"}, {"source", source}, {"options", {option}}};
}

Json spec_of(const Json::array_t& mounts) {
  return {{"root", {{"path", "/mnt/image"}}}, {"mounts", mounts}};
}

host::Probe judged(const Spec& spec) {
  host::Request request;
  request.id = "c";
  request.bundle = AT_FDCWD;
  request.state = "/mnt/state";
  auto found = host::probe(spec.document(), request);
  if (!found) throw std::runtime_error(found.error().message);
  return std::move(*found);
}

Profile profile_with(policy::Rootfs rootfs, std::uint64_t size = 1U << 20) {
  Profile profile;
  profile.rootfs = rootfs;
  profile.rootfs_size = size;
  return profile;
}

Result<std::vector<Change>> prepared(const Spec& spec, policy::Rootfs rootfs = policy::Rootfs::read_only) {
  return prepare(spec, judged(spec), profile_with(rootfs), places);
}

std::string source_of(const std::vector<Change>& changes, std::size_t at) {
  return changes.at(at).after->get<std::string>();
}

host::Identity mount_namespace() {
  struct stat status {};
  (void)::stat("/proc/self/ns/mnt", &status);
  return {status.st_dev, status.st_ino};
}

// A directory of somebody else's, as most bind sources are.
void make_users(const std::string& path) {
  sandbox::make_directory(path);
  (void)::chown(path.c_str(), 1000, 1000);
}

}  // namespace

TEST_CASE("prepare: what was judged is what gets mounted, whatever happens to the path meanwhile") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home");
    sandbox::write_file("/mnt/home/data/mine", "harmless");
    sandbox::write_file("/mnt/secret/mine", "secret");
    const Spec spec(spec_of({bind_of("/mnt/home/data")}));
    const host::Probe probe = judged(spec);
    EXPECT(::rename("/mnt/home/data", "/mnt/home/moved") == 0 && ::symlink("/mnt/secret", "/mnt/home/data") == 0);
    const auto changes = prepare(spec, probe, profile_with(policy::Rootfs::read_only), places);
    EXPECT(changes && changes->size() == 1);
    EXPECT(changes->front().pointer == "/mounts/0/source" && *changes->front().before == "/mnt/home/data");
    EXPECT(sandbox::read_file(source_of(*changes, 0) + "/mine") == "harmless");
    EXPECT(sandbox::read_file("/mnt/home/data/mine") == "secret");
    return {};
  });
}

TEST_CASE("prepare: what is mounted in a directory after it was judged does not come along, and what was there does") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home");
    for (const char* directory : {"/mnt/home/data/known", "/mnt/home/data/later", "/mnt/secret/below"})
      sandbox::make_directory(directory);
    EXPECT(::mount("tmpfs", "/mnt/home/data/known", "tmpfs", 0, nullptr) == 0);
    sandbox::write_file("/mnt/home/data/known/mine", "harmless");
    const auto with = [](const char* option, const std::function<void()>& meanwhile) {
      const Spec spec(spec_of({bind_of("/mnt/home/data", option)}));
      const host::Probe probe = judged(spec);
      meanwhile();
      return prepare(spec, probe, profile_with(policy::Rootfs::read_only), places);
    };
    const auto unchanged = with("rbind", [] {});
    EXPECT(unchanged && sandbox::read_file(source_of(*unchanged, 0) + "/known/mine") == "harmless");
    for (const char* place : {"/mnt/home/data/later", "/mnt/home/data/known", "/mnt/home/data"}) {
      const auto covered = with("rbind", [place] { (void)sandbox::bind("/mnt/secret", place); });
      EXPECT(!covered && covered.error().message.find("after it was judged") != std::string::npos);
      EXPECT(::umount2(place, MNT_DETACH) == 0);
      EXPECT(with("bind", [place] { (void)sandbox::bind("/mnt/secret", place); }));
      EXPECT(::umount2(place, MNT_DETACH) == 0);
    }
    return {};
  });
}

TEST_CASE("prepare: what the host mounts later does not come along, unless the policy left that to the spec") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home");
    sandbox::make_directory("/mnt/home/data/below");
    EXPECT(::mount("tmpfs", "/mnt/home/data/below", "tmpfs", 0, nullptr) == 0);
    EXPECT(::mount(nullptr, "/mnt", nullptr, MS_REC | MS_SHARED, nullptr) == 0);
    const Spec spec(spec_of({bind_of("/mnt/home/data"), bind_of("/mnt/home/data")}));
    Json open = spec.document();
    open["mounts"][1]["options"].push_back("rslave");
    const auto changes = prepared(Spec(open));
    EXPECT(changes && changes->size() == 2);
    const std::string table = sandbox::read_file("/proc/self/mountinfo");
    const auto is_member = [&table](const std::string& target) {
      const std::size_t at = table.find(" " + target + " ");
      const std::string line = at == std::string::npos ? "" : table.substr(at, table.find('\n', at) - at);
      return line.find(" shared:") != std::string::npos || line.find(" master:") != std::string::npos;
    };
    EXPECT(!is_member(source_of(*changes, 0)) && !is_member(source_of(*changes, 0) + "/below"));
    EXPECT(is_member(source_of(*changes, 1)) && is_member(source_of(*changes, 1) + "/below"));
    return {};
  });
}

TEST_CASE("prepare: a link that is safe to follow now may not be later") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home");
    sandbox::write_file("/mnt/good/mine", "harmless");
    sandbox::write_file("/mnt/secret/mine", "secret");
    EXPECT(::symlink("/mnt/good", "/mnt/home/link") == 0);
    const Spec spec(spec_of({bind_of("/mnt/home/link")}));
    const host::Probe probe = judged(spec);
    EXPECT(probe.facts.paths.at("/mnt/home/link").root_controlled);
    EXPECT(::unlink("/mnt/home/link") == 0 && ::symlink("/mnt/secret", "/mnt/home/link") == 0);
    const auto changes = prepare(spec, probe, profile_with(policy::Rootfs::read_only), places);
    EXPECT(changes && changes->size() == 1 && sandbox::read_file(source_of(*changes, 0) + "/mine") == "harmless");
    return {};
  });
}

TEST_CASE("prepare: files, sockets and devices are sources too, and each mount has its own") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home");
    sandbox::write_file("/mnt/home/file", "content");
    EXPECT(::mkfifo("/mnt/home/fifo", 0600) == 0 && ::mknod("/mnt/home/null", S_IFCHR | 0600, 0x103) == 0);
    const Json::array_t mounts = {{{"destination", "/proc"}, {"type", "proc"}, {"source", "proc"}},
                                  bind_of("/mnt/home/file"),
                                  bind_of("/mnt/home/file", "bind"),
                                  bind_of("/mnt/home/fifo"),
                                  bind_of("/mnt/home/null")};
    const auto changes = prepared(Spec(spec_of(mounts)));
    EXPECT(changes && changes->size() == 4);
    EXPECT(changes->front().pointer == "/mounts/1/source");
    EXPECT(sandbox::read_file(source_of(*changes, 0)) == "content" && source_of(*changes, 0) != source_of(*changes, 1));
    struct stat status {};
    EXPECT(::stat(source_of(*changes, 2).c_str(), &status) == 0 && S_ISFIFO(status.st_mode));
    EXPECT(::stat(source_of(*changes, 3).c_str(), &status) == 0 && S_ISCHR(status.st_mode));
    return {};
  });
}

TEST_CASE("prepare: mounts below a source come along with rbind only") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home/data");
    sandbox::write_file("/mnt/home/data/sub/below", "covered");
    EXPECT(::mount("tmpfs", "/mnt/home/data/sub", "tmpfs", 0, "mode=0755") == 0);
    sandbox::write_file("/mnt/home/data/sub/mounted", "");
    const auto changes =
        prepared(Spec(spec_of({bind_of("/mnt/home/data", "rbind"), bind_of("/mnt/home/data", "bind")})));
    EXPECT(changes && changes->size() == 2);
    EXPECT(::access((source_of(*changes, 0) + "/sub/mounted").c_str(), F_OK) == 0);
    EXPECT(::access((source_of(*changes, 1) + "/sub/mounted").c_str(), F_OK) != 0);
    EXPECT(sandbox::read_file(source_of(*changes, 1) + "/sub/below") == "covered");
    return {};
  });
}

TEST_CASE("prepare: the engine's own files need no mount namespace") {
  sandbox::run([]() -> std::string {
    const std::string own = "/var/lib/docker/containers/c";
    sandbox::write_file(own + "/hosts", "");
    sandbox::write_file(own + "/config.v2.json", R"({"ID":"c"})", 0600);
    sandbox::make_directory("/var/lib/docker/overlay2/bae9/merged");
    Json document = spec_of({bind_of(own + "/hosts")});
    document["root"]["path"] = "/var/lib/docker/overlay2/bae9/merged";
    const host::Identity before = mount_namespace();
    const auto changes = prepared(Spec(document));
    EXPECT(changes && changes->empty() && mount_namespace() == before);
    EXPECT(::access(places.mounts.c_str(), F_OK) != 0);
    // The same file by a detour, or one that others may write, is pinned.
    EXPECT(::symlink(own.c_str(), "/mnt/detour") == 0);
    sandbox::write_file(own + "/shared", "", 0666);
    document["mounts"].push_back(bind_of("/mnt/detour/hosts"));
    document["mounts"].push_back(bind_of(own + "/shared"));
    const auto pinned = prepared(Spec(document));
    EXPECT(pinned && pinned->size() == 2 && pinned->front().pointer == "/mounts/1/source");
    return {};
  });
}

TEST_CASE("prepare: root's own directory in a volume can be exchanged by the root of a container that shares it") {
  sandbox::run([]() -> std::string {
    const std::string volume = "/var/lib/docker/volumes/v/_data";
    sandbox::write_file(volume + "/sub/mine", "harmless");
    sandbox::write_file("/mnt/secret/mine", "secret");
    const Spec spec(spec_of({bind_of(volume + "/sub")}));
    const host::Probe probe = judged(spec);
    EXPECT(probe.facts.paths.at(volume + "/sub").root_controlled);
    EXPECT(::rename((volume + "/sub").c_str(), (volume + "/old").c_str()) == 0);
    EXPECT(::symlink("/mnt/secret", (volume + "/sub").c_str()) == 0);
    const auto changes = prepare(spec, probe, profile_with(policy::Rootfs::read_only), places);
    EXPECT(changes && changes->size() == 1 && sandbox::read_file(source_of(*changes, 0) + "/mine") == "harmless");
    return {};
  });
}

TEST_CASE("prepare: a source that was not there when it was judged is refused") {
  sandbox::run([]() -> std::string {
    const Spec spec(spec_of({bind_of("/mnt/missing")}));
    const host::Probe probe = judged(spec);
    EXPECT(::symlink("/etc", "/mnt/missing") == 0);
    const auto changes = prepare(spec, probe, profile_with(policy::Rootfs::read_only), places);
    EXPECT(!changes && changes.error().message == "cannot mount \"/mnt/missing\": it did not exist when it was judged");
    return {};
  });
}

TEST_CASE("prepare: the host's mounts are as before, and its unmounts still arrive") {
  sandbox::run([]() -> std::string {
    make_users("/mnt/home");
    sandbox::make_directory("/mnt/disk");
    sandbox::make_directory("/mnt/image");
    EXPECT(::mount("tmpfs", "/mnt/disk", "tmpfs", 0, "") == 0);
    EXPECT(::mount(nullptr, "/", nullptr, MS_REC | MS_SHARED, nullptr) == 0);
    const std::string before = sandbox::read_file("/proc/self/mountinfo");
    int ready[2];
    int go[2];
    EXPECT(::pipe(ready) == 0 && ::pipe(go) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(go[1]);  // so that it ends with its parent
      const auto changes = prepared(Spec(spec_of({bind_of("/mnt/home")})), policy::Rootfs::ephemeral);
      char byte = changes && changes->size() == 2 ? 'y' : 'n';
      if (::write(ready[1], &byte, 1) != 1 || ::read(go[0], &byte, 1) != 1) ::_exit(1);
      ::_exit(sandbox::read_file("/proc/self/mountinfo").find(" /mnt/disk ") == std::string::npos ? 0 : 1);
    }
    char byte = 0;
    EXPECT(::read(ready[0], &byte, 1) == 1 && byte == 'y');
    EXPECT(sandbox::read_file("/proc/self/mountinfo") == before);
    EXPECT(::access(places.root.c_str(), F_OK) == 0);
    EXPECT(::umount("/mnt/disk") == 0 && ::write(go[1], &byte, 1) == 1);
    int status = 0;
    EXPECT(::waitpid(child, &status, 0) == child && status == 0);
    return {};
  });
}

TEST_CASE("prepare: an ephemeral root file system takes writes and forgets them") {
  sandbox::run([]() -> std::string {
    const std::string image = "/mnt/ima:ge,with\\marks";
    sandbox::write_file(image + "/etc/motd", "hello");
    EXPECT(::chown(image.c_str(), 7, 8) == 0 && ::chmod(image.c_str(), 0751) == 0);
    Json document = spec_of({});
    document["root"]["path"] = image;
    const auto changes = prepared(Spec(document), policy::Rootfs::ephemeral);
    EXPECT(changes && changes->size() == 1 && changes->front().pointer == "/root/path");
    EXPECT(source_of(*changes, 0) == places.root && sandbox::read_file(places.root + "/etc/motd") == "hello");
    struct stat status {};
    EXPECT(::stat(places.root.c_str(), &status) == 0 && status.st_uid == 7 && status.st_gid == 8);
    EXPECT((status.st_mode & 07777U) == 0751U);
    sandbox::write_file(places.root + "/etc/motd", "changed");
    sandbox::write_file(places.root + "/new", "x");
    EXPECT(sandbox::read_file(places.root + "/etc/motd") == "changed");
    EXPECT(sandbox::read_file(image + "/etc/motd") == "hello" && ::access((image + "/new").c_str(), F_OK) != 0);
    return {};
  });
}

TEST_CASE("prepare: an ephemeral root file system holds no more than its size") {
  sandbox::run([]() -> std::string {
    sandbox::make_directory("/mnt/image");
    const auto changes = prepared(Spec(spec_of({})), policy::Rootfs::ephemeral);
    EXPECT(changes);
    const auto file = open_at(AT_FDCWD, places.root + "/big", O_WRONLY | O_CREAT, 0600);
    EXPECT(file && !write_all(file->get(), std::string(2U << 20, 'x'), "big"));
    return {};
  });
}

TEST_CASE("prepare: a root file system exchanged since it was judged is refused") {
  sandbox::run([]() -> std::string {
    sandbox::make_directory("/mnt/image");
    const Spec spec(spec_of({}));
    const host::Probe probe = judged(spec);
    EXPECT(::rename("/mnt/image", "/mnt/old") == 0);
    sandbox::make_directory("/mnt/image");
    const auto changes = prepare(spec, probe, profile_with(policy::Rootfs::ephemeral), places);
    EXPECT(!changes && changes.error().message.ends_with("it was exchanged meanwhile"));
    return {};
  });
}

TEST_CASE("prepare: no root file system, no container") {
  sandbox::run([]() -> std::string {
    const auto changes = prepared(Spec(spec_of({})), policy::Rootfs::ephemeral);
    EXPECT(!changes && changes.error().message == "cannot find the root file system \"/mnt/image\"");
    return {};
  });
}
