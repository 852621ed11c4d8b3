#include <sys/stat.h>
#include <unistd.h>

#include "catch.h"
#include "policy/site.h"

// Whoever can write the policy has the power of the runtime: what is not surely root's is not read.

using site::Site;

namespace {

constexpr char policy[] = R"({"version": 1, "default_profile": "web"})";
constexpr char profile[] = R"({"name": "web"})";
const std::string policy_name = "policy.json";
const std::string profile_name = "profiles.d/web.json";

void prepare(Site& site) {
  site.write(policy_name, policy).write(profile_name, profile);
}

}  // namespace

TEST_CASE("trust: no files at all mean the built-in default") {
  const Site site;
  std::filesystem::remove_all(site.root());
  const auto loaded = site.load();
  REQUIRE(loaded);
  CHECK(loaded->profile.name == "strict");
  CHECK(loaded->mode == hardened::policy::Mode::enforce);
  CHECK(loaded->runtimes.empty());
  CHECK(loaded->waivers.empty());
  std::filesystem::create_directory(site.root());
  CHECK(site.load());
}

TEST_CASE("trust: a file that others may write, or own, is refused") {
  struct Row {
    const char* says;
    mode_t mode;
    uid_t owner;
    const char* message;
  };
  const Row rows[] = {
      {"readable by all", 0644, 0, "loaded"},
      {"writable by the group", 0664, 0, "writable by group or others"},
      {"writable by others", 0646, 0, "writable by group or others"},
      {"of another user", 0644, 65534, "owned by uid 65534, not by root"},
  };
  if (::geteuid() != 0) return;
  for (const std::string& name : {policy_name, profile_name}) {
    for (const Row& row : rows) {
      Site site;
      prepare(site);
      const std::string path = site.root() + "/" + name;
      REQUIRE(::chown(path.c_str(), row.owner, 0) == 0);
      REQUIRE(::chmod(path.c_str(), row.mode) == 0);
      INFO(name << ": " << row.says);
      const std::string base = name.substr(name.rfind('/') + 1);
      CHECK(site.error() ==
            (row.message == std::string("loaded") ? "loaded" : name + ": cannot trust " + base + ": " + row.message));
    }
  }
}

TEST_CASE("trust: a directory that others may write, or own, is refused") {
  if (::geteuid() != 0) return;
  for (const std::string below : {"", "/profiles.d"}) {
    const std::string shown = below.empty() ? "" : "profiles.d";
    Site site;
    prepare(site);
    const std::string path = site.root() + below;
    INFO(path);
    REQUIRE(::chmod(path.c_str(), 01777) == 0);
    CHECK(site.error() == "cannot trust " + shown + ": writable by group or others");
    REQUIRE(::chmod(path.c_str(), 0775) == 0);
    CHECK(site.error() == "cannot trust " + shown + ": writable by group or others");
    REQUIRE(::chmod(path.c_str(), 0755) == 0);
    REQUIRE(::chown(path.c_str(), 65534, 0) == 0);
    CHECK(site.error() == "cannot trust " + shown + ": owned by uid 65534, not by root");
    REQUIRE(::chown(path.c_str(), 0, 0) == 0);
    CHECK(site.error() == "loaded");
  }
}

TEST_CASE("trust: what is no plain file is refused, and a pipe does not hang") {
  for (const std::string& name : {policy_name, profile_name}) {
    const std::string base = name.substr(name.rfind('/') + 1);
    Site site;
    prepare(site);
    const std::string path = site.root() + "/" + name;
    INFO(name);
    std::filesystem::rename(path, site.root() + "/elsewhere");
    std::filesystem::create_symlink(site.root() + "/elsewhere", path);
    CHECK(site.error() == name + ": cannot open " + base + " (ELOOP)");
    std::filesystem::remove(path);
    std::filesystem::create_symlink("nowhere", path);
    CHECK(site.error() == name + ": cannot open " + base + " (ELOOP)");
    std::filesystem::remove(path);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(site.error() == name + ": cannot trust " + base + ": not a regular file");
    std::filesystem::remove(path);
    std::filesystem::create_directory(path);
    CHECK(site.error() == name + ": cannot trust " + base + ": not a regular file");
  }
}

TEST_CASE("trust: a symbolic link in the place of a directory is refused") {
  Site site;
  prepare(site);
  std::filesystem::rename(site.root() + "/profiles.d", site.root() + "/elsewhere");
  std::filesystem::create_symlink("elsewhere", site.root() + "/profiles.d");
  CHECK(site.error() == "profiles.d: cannot open profiles.d (ENOTDIR)");
  std::filesystem::remove(site.root() + "/profiles.d");
  site.write("profiles.d", "a file");
  CHECK(site.error() == "profiles.d: cannot open profiles.d (ENOTDIR)");
}

TEST_CASE("trust: files beyond all measure are refused") {
  Site site;
  prepare(site);
  site.write(policy_name, std::string(9U << 20, ' ') + policy);
  CHECK(site.error() == "policy.json: cannot read policy.json: larger than 8388608 bytes");
  site.write(policy_name, "{\"version\": 1, \"images\": " + std::string(100, '[') + std::string(100, ']') + "}");
  CHECK(site.error() == "policy.json:1: cannot read: nested deeper than 64 levels");
  site.write(policy_name, std::string(1U << 20, '['));
  CHECK(site.error() == "policy.json:1: cannot read: nested deeper than 64 levels");
  site.write(policy_name, policy).write(profile_name, std::string("{\"name\": \"web\0\"}", 16));
  CHECK(site.error().find("profiles.d/web.json:1: cannot read: ") == 0);
}
