#include "host/inspector.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "host/sandbox.h"

using namespace hardened;
using host::Inspector;
using host::Location;
using host::PathFact;

namespace {

PathFact inspect(const std::string& path, int directory = AT_FDCWD) {
  Inspector inspector;
  host::Opened opened = inspector.open(directory, path);
  (void)inspector.locate(opened);
  return opened.fact;
}

}  // namespace

TEST_CASE("inspector: a path is told by what it is, not by what it is called") {
  sandbox::run([]() -> std::string {
    sandbox::write_file("/mnt/real/secret", "x");
    sandbox::make_directory("/mnt/alias");
    sandbox::make_directory("/mnt/whole");
    sandbox::write_file("/mnt/file", "");
    EXPECT(::symlink("real", "/mnt/link") == 0);
    EXPECT(sandbox::bind("/mnt/real", "/mnt/alias"));
    EXPECT(sandbox::bind("/mnt", "/mnt/whole"));
    EXPECT(sandbox::bind("/mnt/real/secret", "/mnt/file"));
    const PathFact real = inspect("/mnt/real");
    EXPECT(real.exists && real.resolved == "/mnt/real" && real.location.path == "/real" && real.root_controlled);
    for (const char* other : {"/mnt/link", "/mnt/./link/", "/mnt/alias", "/mnt/whole/real", "/mnt/whole/link"}) {
      EXPECT(inspect(other).location == real.location);
      EXPECT(inspect(other).identity == real.identity);
    }
    const PathFact secret = inspect("/mnt/real/secret");
    EXPECT(secret.location.path == "/real/secret" && S_ISREG(secret.mode));
    for (const char* other : {"/mnt/file", "/mnt/alias/secret", "/mnt/link/secret", "/mnt/whole/real/secret"})
      EXPECT(inspect(other).location == secret.location);
    EXPECT(inspect("/mnt/link").resolved == "/mnt/real");
    EXPECT(inspect("/mnt/alias").resolved == "/mnt/alias");
    EXPECT(inspect("/").location.path.front() == '/');
    return {};
  });
}

TEST_CASE("inspector: the type of a file system, and what is mounted below a directory") {
  sandbox::run([]() -> std::string {
    sandbox::make_directory("/mnt/root/proc");
    sandbox::make_directory("/mnt/root/etc");
    sandbox::make_directory("/mnt/rooted");
    EXPECT(::mount("proc", "/mnt/root/proc", "proc", 0, nullptr) == 0);
    EXPECT(sandbox::bind("/etc", "/mnt/root/etc"));
    EXPECT(::mount("tmpfs", "/mnt/rooted", "tmpfs", 0, nullptr) == 0);
    EXPECT(inspect("/mnt/root").file_system == "tmpfs" && inspect("/mnt/root/proc").file_system == "proc");
    Inspector inspector;
    host::Opened root = inspector.open(AT_FDCWD, "/mnt/root");
    EXPECT(inspector.locate(root));
    EXPECT(inspector.find_mounts_below(root));
    const auto& below = root.fact.mounted_below;
    EXPECT(below.size() == 2);
    EXPECT(below[0].resolved == "/mnt/root/proc" && below[0].file_system == "proc");
    EXPECT(below[1].resolved == "/mnt/root/etc" && below[1].location == inspect("/etc").location);
    return {};
  });
}

TEST_CASE("inspector: relative paths start at the given directory") {
  sandbox::run([]() -> std::string {
    sandbox::make_directory("/mnt/bundle/rootfs");
    const auto bundle = open_at(AT_FDCWD, "/mnt/bundle", O_RDONLY | O_DIRECTORY);
    EXPECT(bundle && inspect("rootfs", bundle->get()).resolved == "/mnt/bundle/rootfs");
    EXPECT(inspect(".", bundle->get()).resolved == "/mnt/bundle");
    return {};
  });
}

TEST_CASE("inspector: what cannot be opened does not exist") {
  sandbox::run([]() -> std::string {
    EXPECT(::symlink("loop", "/mnt/loop") == 0);
    sandbox::write_file("/mnt/file", "");
    for (const char* path : {"/mnt/missing", "/mnt/loop", "/mnt/file/below", ""}) EXPECT(!inspect(path).exists);
    return {};
  });
}

TEST_CASE("inspector: a socket is opened without connecting to it") {
  sandbox::run([]() -> std::string {
    const Fd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{AF_UNIX, "/mnt/engine.sock"};
    EXPECT(::bind(server.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    EXPECT(S_ISSOCK(inspect("/mnt/engine.sock").mode));
    return {};
  });
}

TEST_CASE("inspector: only what nobody but root can exchange is root-controlled") {
  sandbox::run([]() -> std::string {
    struct Row {
      const char* sentence;
      const char* path;
      bool expected;
    };
    sandbox::write_file("/mnt/good/file", "");
    sandbox::write_file("/mnt/good/shared", "", 0664);
    sandbox::write_file("/mnt/sticky/file", "");
    sandbox::write_file("/mnt/group/deep/file", "");
    sandbox::write_file("/mnt/foreign/deep/file", "");
    sandbox::write_file("/mnt/good/foreign", "");
    EXPECT(::chmod("/mnt/sticky", 01777) == 0 && ::chmod("/mnt/group", 0775) == 0);
    EXPECT(::chown("/mnt/foreign", 1000, 0) == 0 && ::chown("/mnt/good/foreign", 1000, 0) == 0);
    EXPECT(::symlink("/mnt/good/file", "/mnt/sticky/link") == 0);
    const Row rows[] = {
        {"root's file in root's directories", "/mnt/good/file", true},
        {"a file the group may write", "/mnt/good/shared", false},
        {"a file of somebody else", "/mnt/good/foreign", false},
        {"a file in a sticky directory", "/mnt/sticky/file", false},
        {"a file two levels below a directory the group may write", "/mnt/group/deep/file", false},
        {"a file two levels below somebody's directory", "/mnt/foreign/deep/file", false},
        {"the target of a link is judged, not the link", "/mnt/sticky/link", true},
    };
    for (const Row& row : rows) {
      if (inspect(row.path).root_controlled != row.expected) return row.sentence;
    }
    return {};
  });
}

TEST_CASE("inspector: an unlinked file keeps its name and is not root-controlled") {
  sandbox::run([]() -> std::string {
    sandbox::write_file("/mnt/gone", "x");
    const auto held = open_at(AT_FDCWD, "/mnt/gone", O_RDONLY);
    EXPECT(held && ::unlink("/mnt/gone") == 0);
    const PathFact fact = inspect("/proc/self/fd/" + std::to_string(held->get()));
    EXPECT(fact.exists && fact.resolved == "/mnt/gone" && !fact.root_controlled);
    return {};
  });
}

TEST_CASE("inspector: what lies outside this mount namespace has no location") {
  sandbox::run([]() -> std::string {
    // The parent of this child lives in the machine's own namespace, where /mnt is something else.
    const std::string parent = "/proc/" + std::to_string(::getppid()) + "/root/etc";
    const PathFact fact = inspect(parent);
    EXPECT(fact.exists && fact.location == Location{});
    const PathFact name = inspect("/proc/self/ns/net");
    EXPECT(name.exists && name.resolved.empty() && name.location == Location{} && !name.root_controlled);
    return {};
  });
}
