#include "catch.h"
#include "policy/site.h"

// The profiles every machine starts from.

using namespace hardened;

TEST_CASE("shipped: strict gives no right and limits everything") {
  const site::Site site;
  const auto loaded = site.load();
  REQUIRE(loaded);
  const Profile& strict = loaded->profile;
  CHECK(strict.capabilities.empty());
  CHECK(strict.rootfs == policy::Rootfs::read_only);
  CHECK_FALSE(strict.seccomp.compat_architectures);
  CHECK_FALSE(strict.seccomp.allow.empty());
  for (const auto* list :
       {&strict.groups, &strict.devices, &strict.sysctls, &strict.namespaces, &strict.hooks, &strict.annotations})
    CHECK(list->empty());
  const policy::Limits& limits = strict.limits;
  for (const auto& limit : {limits.memory, limits.pids, limits.shm, limits.tmpfs, limits.nofile, limits.nproc}) {
    CHECK(limit.fallback > 0);
    CHECK(limit.fallback <= limit.max);
  }
  CHECK(limits.cpu.fallback > 0);
  CHECK(limits.memory.max == std::uint64_t{8} << 30);
}

TEST_CASE(
    "shipped: compat differs from strict in an entrypoint's capabilities, a rootfs that forgets, and a host's lack") {
  const site::Site site;
  const auto strict = site.load();
  const auto compat = site.load({}, "hardened-compat");
  REQUIRE(strict);
  REQUIRE(compat);
  Profile expected = strict->profile;
  expected.name = "compat";
  expected.capabilities = {"CAP_CHOWN",  "CAP_DAC_OVERRIDE", "CAP_FOWNER",          "CAP_SETUID",
                           "CAP_SETGID", "CAP_KILL",         "CAP_NET_BIND_SERVICE"};
  expected.rootfs = policy::Rootfs::ephemeral;
  expected.user_namespace.may_lack = true;
  expected.document = compat->profile.document;
  CHECK(compat->profile == expected);
}

TEST_CASE(
    "shipped: train differs from compat in Docker's capabilities, a rootfs that keeps, 32-bit calls and the record") {
  const site::Site site;
  const auto compat = site.load({}, "hardened-compat");
  const auto train = site.load({}, "hardened-train");
  REQUIRE(compat);
  REQUIRE(train);
  Profile expected = compat->profile;
  expected.name = "train";
  expected.capabilities = {"CAP_CHOWN",   "CAP_DAC_OVERRIDE", "CAP_FSETID",           "CAP_FOWNER",     "CAP_MKNOD",
                           "CAP_NET_RAW", "CAP_SETGID",       "CAP_SETUID",           "CAP_SETFCAP",    "CAP_SETPCAP",
                           "CAP_KILL",    "CAP_SYS_CHROOT",   "CAP_NET_BIND_SERVICE", "CAP_AUDIT_WRITE"};
  std::sort(expected.capabilities.begin(), expected.capabilities.end());
  Profile actual = train->profile;
  std::sort(actual.capabilities.begin(), actual.capabilities.end());
  expected.seccomp.compat_architectures = true;
  expected.rootfs = policy::Rootfs::persistent;
  expected.training = true;
  expected.user_namespace.may_lack = false;  // Docker's fourteen capabilities must not be the host's
  expected.document = actual.document;
  CHECK(actual == expected);
  CHECK_FALSE(compat->profile.training);
}

TEST_CASE("shipped: build differs from compat in what unpacking packages takes, and in what a compiler needs") {
  const site::Site site;
  const auto compat = site.load({}, "hardened-compat");
  const auto build = policy::built_in("build", site::known());
  REQUIRE(compat);
  REQUIRE(build);
  Profile expected = compat->profile;
  expected.name = "build";
  for (const char* more : {"CAP_FSETID", "CAP_SETFCAP", "CAP_SYS_CHROOT"}) expected.capabilities.emplace_back(more);
  expected.rootfs = policy::Rootfs::persistent;
  expected.limits.memory.fallback = std::uint64_t{2} << 30;
  expected.limits.pids.fallback = 1024;
  expected.limits.cpu.fallback = 4.0;
  expected.user_namespace.may_lack = false;
  expected.document = build->document;
  Profile actual = *build;
  std::sort(expected.capabilities.begin(), expected.capabilities.end());
  std::sort(actual.capabilities.begin(), actual.capabilities.end());
  CHECK(actual == expected);
}

TEST_CASE("shipped: built in is what a machine without any files loads") {
  const site::Site site;
  struct Row {
    const char* profile;
    const char* program;
  };
  for (const Row& row :
       {Row{"strict", "hardened-runtime"}, Row{"compat", "hardened-compat"}, Row{"train", "hardened-train"}}) {
    INFO(row.profile);
    const auto built_in = policy::built_in(row.profile, site::known());
    const auto loaded = site.load({}, row.program);
    REQUIRE(built_in);
    REQUIRE(loaded);
    CHECK(*built_in == loaded->profile);
  }
  CHECK_FALSE(policy::built_in("no-such-profile", site::known()));
}

TEST_CASE("policy: everything the file says is in force") {
  site::Site site;
  site.write("policy.json", R"({ // comments are allowed
    "version": 1, "mode": "audit", "runtimes": ["/usr/bin/crun", "/usr/bin/runc"],
    "controls": {"secret-env": "off", "capabilities": "clamp"}, "images": ["registry.example/*"],
    "audit": {"when_unwritable": "refuse", "also": ["syslog"]} })");
  const auto loaded = site.load();
  REQUIRE(loaded);
  CHECK(loaded->mode == policy::Mode::audit);
  CHECK(loaded->runtimes == std::vector<std::string>{"/usr/bin/crun", "/usr/bin/runc"});
  CHECK(loaded->level("secret-env") == policy::Level::off);
  CHECK(loaded->level("capabilities") == policy::Level::clamp);
  CHECK(loaded->level("sensitive-mounts") == policy::Level::enforce);
  CHECK(loaded->images == std::vector<std::string>{"registry.example/*"});
  CHECK(loaded->audit == policy::AuditLog{true, true});
}

TEST_CASE("policy: the digest changes with the file, with the profile, and with nothing else") {
  site::Site site;
  const auto digest = [&site](std::string_view program = "hardened-runtime") { return site.load({}, program)->digest; };
  const std::string none = digest();
  CHECK(none.size() == 64);
  CHECK(digest() == none);
  CHECK(digest("hardened-compat") != none);
  site.write("policy.json", R"({"version": 1, "default_profile": "web"})")
      .write("profiles.d/web.json", R"({"name": "web"})");
  const std::string web = digest();
  CHECK(web != none);
  site.write("profiles.d/unused.json", R"({"name": "unused"})");
  CHECK(digest() == web);
  site.write("profiles.d/web.json", R"({"name": "web", "rootfs_size": "1GiB"})");
  CHECK(digest() != web);
}

TEST_CASE("a grant's profile: a document of another shape is an error, names are not checked again") {
  CHECK(policy::decode_profile(Json::parse(R"({"name": "old", "capabilities": ["CAP_OF_TOMORROW"]})")));
  CHECK_FALSE(policy::decode_profile(Json::parse(R"({"name": "old", "rootfs": "none"})")));
  CHECK_FALSE(policy::decode_profile(Json::parse(R"({"capabilities": []})")));
  CHECK_FALSE(policy::decode_profile(Json::parse("[]")));
  CHECK_FALSE(policy::decode_profile(nullptr));
}
