#include "catch.h"
#include "policy/site.h"

// Each row: what a site's profile says on its second line, and exactly what the administrator reads.

namespace {

struct Row {
  const char* members;
  const char* message;
};

std::string error_of(const std::string& members) {
  site::Site site;
  site.write("policy.json", R"({"version": 1, "default_profile": "web"})");
  site.write("profiles.d/web.json", "{\"name\": \"web\",\n" + members + "}");
  return site.error();
}

void check(std::span<const Row> rows) {
  for (const Row& row : rows) {
    INFO(row.members);
    CHECK(error_of(row.members) == std::string("profiles.d/web.json:2: ") + row.message);
  }
}

}  // namespace

TEST_CASE("profile: names that do not exist are refused with the likely spelling") {
  const Row rows[] = {
      {"\"capabilites\": []", "cannot use the unknown member \"capabilites\" (did you mean \"capabilities\"?)"},
      {"\"bogus\": \"private\"", "cannot use the unknown member \"bogus\""},
      {"\"user_namespace\": \"private\"", "cannot use \"private\" as \"user_namespace\": an object is needed"},
      {"\"user_namespace\": {\"mode\": \"shared\"}", "cannot use \"shared\" as \"mode\": it is one of private, host"},
      {"\"user_namespace\": {\"size\": 1024}",
       "cannot use 1024 as \"size\": a multiple of 65536 up to 67108864 is needed"},
      {"\"user_namespace\": {\"size\": 67174400}",
       "cannot use 67174400 as \"size\": a multiple of 65536 up to 67108864 is needed"},
      {"\"capabilities\": [\"CAP_NET_BIND_SERVICES\"]",
       "cannot use \"CAP_NET_BIND_SERVICES\" in \"capabilities\": no such capability (did you mean "
       "\"CAP_NET_BIND_SERVICE\"?)"},
      {"\"capabilities\": [\"cap_chown\"]", "cannot use \"cap_chown\" in \"capabilities\": no such capability"},
      {"\"seccomp\": {\"allow\": [\"@files\"]}",
       "cannot use \"@files\" in \"allow\": no such group of system calls (did you mean \"@file\"?)"},
      {"\"seccomp\": {\"deny\": [\"reed\"]}", "cannot use \"reed\" in \"deny\": no such system call"},
      {"\"seccomp\": {\"errno\": \"EPREM\"}",
       "cannot use \"EPREM\" as \"errno\": no such error (did you mean \"EPERM\"?)"},
      {"\"seccomp\": {\"socket_families\": [\"AF_INET4\"]}",
       "cannot use \"AF_INET4\" in \"socket_families\": no such socket family (did you mean \"AF_INET\"?)"},
      {"\"rootfs\": \"readonly\"",
       "cannot use \"readonly\" as \"rootfs\": it is one of read-only, ephemeral, persistent (did you mean "
       "\"read-only\"?)"},
      {"\"user\": {\"root\": \"deny\"}", "cannot use \"deny\" as \"root\": it is one of allow, refuse, run_as"},
      {"\"namespaces\": [\"user\"]",
       "cannot use \"user\" in \"namespaces\": it is one of network, pid, ipc, uts, cgroup"},
      {"\"extends\": \"strickt\"", "cannot extend \"strickt\": no such profile (did you mean \"strict\"?)"},
      {"\"extends\": \"../strict\"", "cannot extend \"../strict\": no such profile (did you mean \"strict\"?)"},
  };
  check(rows);
}

TEST_CASE("profile: values that would be no limit, or a wrong one, are refused") {
  const Row rows[] = {
      {"\"rootfs_size\": \"1GB\"", "cannot use \"1GB\" as \"rootfs_size\": a size is needed: bytes, or \"256MiB\""},
      {"\"rootfs_size\": 0", "cannot use 0 as \"rootfs_size\": a size is needed: bytes, or \"256MiB\""},
      {"\"rootfs_size\": -1", "cannot use -1 as \"rootfs_size\": a size is needed: bytes, or \"256MiB\""},
      {"\"rootfs_size\": 1.5", "cannot use 1.5 as \"rootfs_size\": a size is needed: bytes, or \"256MiB\""},
      {"\"rootfs_size\": \"8388608TiB\"",
       "cannot use \"8388608TiB\" as \"rootfs_size\": a size is needed: bytes, or \"256MiB\""},
      {"\"limits\": {\"memory\": {\"default\": \"2GiB\", \"max\": \"1GiB\"}}",
       "cannot use an object as \"memory\": \"default\" (2147483648) is above \"max\" (1073741824)"},
      {"\"limits\": {\"memory\": {\"max\": \"1MiB\"}}",
       "cannot use an object as \"memory\": \"default\" (536870912) is above \"max\" (1048576)"},
      {"\"limits\": {\"pids\": {\"max\": 0}}",
       "cannot use 0 as \"max\": a whole number from 1 to 1073741824 is needed"},
      {"\"limits\": {\"pids\": {\"max\": -1}}",
       "cannot use -1 as \"max\": a whole number from 1 to 1073741824 is needed"},
      {"\"limits\": {\"cpu\": {\"default\": 0}}",
       "cannot use 0 as \"default\": a number of cores from 0.01 to 65536 is needed"},
      {"\"limits\": {\"cpu\": {\"default\": \"1\"}}",
       "cannot use \"1\" as \"default\": a number of cores from 0.01 to 65536 is needed"},
      {"\"user\": {\"uid\": 0}", "cannot use 0 as \"uid\": a whole number from 1 to 4294967294 is needed"},
      {"\"user\": {\"gid\": 4294967295}",
       "cannot use 4294967295 as \"gid\": a whole number from 1 to 4294967294 is needed"},
      {"\"writable\": [{\"size\": \"1MiB\"}]", "cannot use this directory without \"path\""},
      {"\"writable\": [{\"path\": \"/\"}]",
       "cannot use \"/\" as \"path\": an absolute path without //, . and .. is needed"},
      {"\"writable\": [{\"path\": \"/a/../..\"}]",
       "cannot use \"/a/../..\" as \"path\": an absolute path without //, . and .. is needed"},
      {"\"writable\": [{\"path\": \"/a\\u0000b\"}]", "cannot read: a NUL character in a string"},
      {"\"devices\": [\"fuse\"]",
       "cannot use \"fuse\" in \"devices\": an absolute path without //, . and .. is needed"},
      {"\"hooks\": [\"*\"]", "cannot use \"*\" in \"hooks\": an absolute path is needed"},
      {"\"sysctls\": [\"net.core.somaxconn=1\"]",
       "cannot use \"net.core.somaxconn=1\" in \"sysctls\": the name of a sysctl is needed"},
      {"\"groups\": \"docker\"", "cannot use \"docker\" as \"groups\": an array is needed"},
      {"\"seccomp\": {\"compat_architectures\": 1}",
       "cannot use 1 as \"compat_architectures\": true or false is needed"},
      {"\"limits\": []", "cannot use an array as \"limits\": an object is needed"},
  };
  check(rows);
}

TEST_CASE("profile: a capability that hands over the host needs a waiver for that very workload") {
  site::Site site;
  site.write("profiles.d/debug.json", "{\"name\": \"debug\",\n\"capabilities\": [\"CAP_CHOWN\", \"CAP_SYS_PTRACE\"]}");
  const auto with_waiver = [&site](const std::string& waiver) {
    site.write("policy.json", R"({"version": 1, "default_profile": "debug", "waivers": [)" + waiver + "]}");
    return site.error(site::image("tools:1"));
  };
  const std::string refused =
      "profiles.d/debug.json:2: cannot use \"CAP_SYS_PTRACE\" in \"capabilities\": it hands over the host, which no "
      "profile may do";
  CHECK(with_waiver("") == refused);
  CHECK(with_waiver(R"({"control": "capabilities", "allow": ["CAP_SYS_ADMIN"], "reason": "strace"})") == refused);
  CHECK(with_waiver(R"({"control": "secret-env", "allow": ["*"], "reason": "strace"})") == refused);
  CHECK(with_waiver(R"({"control": "capabilities", "image": "nginx", "allow": ["*"], "reason": "strace"})") == refused);
  CHECK(with_waiver(
            R"({"control": "capabilities", "image": "tools", "allow": ["CAP_SYS_PTRACE"], "reason": "strace"})") ==
        "loaded");
}

TEST_CASE("profile: the name is the file's, and a shipped one is not replaced") {
  site::Site site;
  site.write("policy.json", R"({"version": 1, "default_profile": "web"})");
  CHECK(site.write("profiles.d/web.json", "{\n\"name\": \"www\"}").error() ==
        "profiles.d/web.json:2: cannot use \"www\" as \"name\": the file is called web.json");
  CHECK(site.write("profiles.d/web.json", "{}").error() ==
        "profiles.d/web.json:1: cannot use a profile without \"name\"");
  CHECK(site.write("profiles.d/web.json", "[]").error() ==
        "profiles.d/web.json:1: cannot use an array as the whole file: an object is needed");
  CHECK(site.write("profiles.d/strict.json", R"({"name": "strict"})").error() ==
        "profiles.d/strict.json: cannot replace the shipped profile \"strict\"");
}
