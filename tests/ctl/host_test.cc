#include "ctl/host.h"

#include <atomic>
#include <thread>

#include "ctl/root.h"
#include "util/paths.h"

using namespace hardened;
using ctl::Health;
using testing::Root;
namespace fs = std::filesystem;

TEST_CASE("host: a setting is dockerd's argument, else what daemon.json says, else nothing") {
  const Root root;
  root.put("/etc/docker/daemon.json",
           R"({"icc": true, "ip": "10.0.0.1", "hosts": ["unix:///x"], "live-restore": "yes"})");
  CHECK(root.host().flag("icc") == true);
  CHECK(root.host().word("ip") == "10.0.0.1");
  CHECK(root.host().flag("live-restore") == std::nullopt);  // of another type: dockerd would not start
  CHECK(root.host().flag("iptables") == std::nullopt);
  root.put("/etc/systemd/system/docker.service",
           "[Service]\nExecStart=/usr/bin/dockerd --icc=false --ip 10.0.0.2 -H tcp://a -H=tcp://b --host=tcp://c\n");
  CHECK(root.host().flag("icc") == false);
  CHECK(root.host().word("ip") == "10.0.0.2");
  CHECK(root.host().words("hosts", "--host") == std::vector<std::string>{"tcp://a", "tcp://b", "tcp://c", "unix:///x"});
}

TEST_CASE("host: the unit's options, those of its drop-ins and of /etc/default/docker") {
  const Root root;
  root.put("/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd -H fd:// $DOCKER_OPTS\n");
  root.put("/etc/default/docker", "#DOCKER_OPTS=\"--icc=true\"\nDOCKER_OPTS=\"--icc=false --debug\"\n");
  CHECK(root.host().unit("docker.service") == "/lib/systemd/system/docker.service");
  CHECK(root.host().flag("icc") == false);
  CHECK(root.host().flag("debug") == true);
  root.put("/etc/systemd/system/docker.service.d/a.conf", "[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --icc\n");
  CHECK(root.host().flag("icc") == true);
  CHECK(root.host().flag("debug") == std::nullopt);
  // Wherever systemd looks, in its own spelling, and in every word that Go takes for a truth value.
  root.put("/run/systemd/system/docker.service.d/b.conf",
           "[Service]\n  ExecStart=/usr/bin/dockerd \\\n  --icc=TRUE \\\n\t-H tcp://0.0.0.0:2375 --iptables=f\n");
  CHECK(root.host().flag("icc") == true);
  CHECK(root.host().flag("iptables") == false);
  CHECK(root.host().words("hosts", "--host") == std::vector<std::string>{"tcp://0.0.0.0:2375"});
  root.put("/etc/systemd/system/docker.service.d/b.conf", "[Service]\nExecStart=/usr/bin/dockerd --icc=no\n");
  CHECK(root.host().flag("icc") == std::nullopt);
  root.put("/opt/d.json", R"({"icc": false})");
  root.put("/etc/systemd/system/docker.service.d/b.conf", "[Service]\nExecStart=dockerd --config-file=/opt/d.json\n");
  CHECK(root.host().flag("icc") == false);
  root.put("/etc/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd --debug\n");
  CHECK(root.host().unit("docker.service") == "/etc/systemd/system/docker.service");
}

TEST_CASE("host: a daemon.json that cannot be read fails every setting, with where") {
  const Root root;
  root.put("/etc/docker/daemon.json", "{\n\"icc\": no}");
  const auto finding = root.look("icc");
  CHECK(finding.health == Health::bad);
  CHECK(finding.detail.find("daemon.json:2") != std::string::npos);
  root.put("/etc/docker/daemon.json", "[]");
  CHECK(root.look("live-restore").detail.find("no object") != std::string::npos);
}

TEST_CASE("host: owners and modes, and what may be stricter") {
  const Root root;
  if (::geteuid() != 0) {
    WARN("skipped: the owner of a file is root's to choose");
    return;
  }
  struct Row {
    mode_t mode;
    uid_t owner;
    Health health;
  };
  for (const Row& row : {Row{0644, 0, Health::good}, Row{0600, 0, Health::good}, Row{0400, 0, Health::good},
                         Row{0664, 0, Health::bad}, Row{0646, 0, Health::bad}, Row{0755, 0, Health::bad},
                         Row{04644, 0, Health::bad}, Row{0644, 1000, Health::bad}}) {
    root.put("/etc/docker/daemon.json", "{}", row.mode);
    REQUIRE(::chown((root.temporary.path() + "/etc/docker/daemon.json").c_str(), row.owner, 0) == 0);
    ::chmod((root.temporary.path() + "/etc/docker/daemon.json").c_str(), row.mode);
    const auto finding = root.look("daemon-json-file");
    INFO(finding.detail);
    CHECK(finding.health == row.health);
    if (row.health == Health::bad)
      CHECK(finding.remedy == "chown root:root /etc/docker/daemon.json && chmod 0644 /etc/docker/daemon.json");
  }
}

TEST_CASE("host: the keys that dockerd is told to use are those that are looked at") {
  const Root root;
  root.put("/root/.docker/key.pem", "", 0644);
  CHECK(root.look("tls-key-file").health == Health::not_here);  // a client's
  root.put("/etc/docker/daemon.json", R"({"tlsverify": true})");
  CHECK(root.look("tls-key-file").health == Health::bad);
  root.put("/etc/docker/daemon.json", R"({"tlskey": "/etc/keys/it.pem"})");
  CHECK(root.look("tls-key-file").health == Health::not_here);
  root.put("/etc/keys/it.pem", "", 0400);
  CHECK(root.look("tls-key-file").detail == "/etc/keys/it.pem");
}

TEST_CASE("host: a rule watches what it names and what lies below") {
  const Root root;
  root.put("/etc/docker/daemon.json", "{}");
  const auto watched = [&](const std::string& rules) {
    root.put("/etc/audit/rules.d/x.rules", rules);
    return root.look("watch-daemon-json").health;
  };
  CHECK(watched("-w /etc/docker/daemon.json -p wa\n") == Health::good);
  CHECK(watched("-w /etc/docker/ -p wa\n") == Health::good);
  CHECK(watched("-a always,exit -F dir=/etc -F perm=wa\n") == Health::good);
  CHECK(watched("-a always,exit -F path=/etc/docker/daemon.json -F perm=wa\n") == Health::good);
  CHECK(watched("# -w /etc/docker/daemon.json\n") == Health::bad);
  CHECK(watched("-w /etc/docker/daemon.json.old\n-w\n\n") == Health::bad);
  CHECK(root.look("watch-runc").health == Health::not_here);
  root.put("/etc/audit/rules.d/x.rules", "");
  root.put("/etc/audit/audit.rules", "-w /etc/docker\n");
  CHECK(root.look("watch-daemon-json").health == Health::good);
}

TEST_CASE("host: what hardened containers have anyway is not asked of dockerd") {
  const Root root;
  root.put("/etc/docker/daemon.json", "{}");
  CHECK(root.look("userns-remap").health == Health::bad);
  CHECK(root.look("userns-remap").remedy == "hardenctl install docker --default");
  root.put("/etc/docker/daemon.json", R"({"default-runtime": "h", "runtimes": {"h": {"path": ")" +
                                          std::string(paths::programs) + R"(/hardened-runtime"}}})");
  for (const char* check : {"userns-remap", "default-ulimits", "daemon-no-new-privileges"})
    CHECK(root.look(check).health == Health::not_here);
}

TEST_CASE("host: forwarding without rules, and who is in the group docker") {
  const Root root;
  root.put("/etc/docker/daemon.json", R"({"iptables": false})");
  root.put("/proc/sys/net/ipv4/ip_forward", "1\n");
  CHECK(root.look("ip-forwarding").health == Health::bad);
  root.put("/proc/sys/net/ipv4/ip_forward", "0\n");
  CHECK(root.look("ip-forwarding").health == Health::good);
  CHECK(root.look("docker-group").health == Health::not_here);
  root.put("/etc/group", "root:x:0:\ndocker:x:998:\n");
  CHECK(root.look("docker-group").health == Health::good);
  CHECK(root.host().group("docker") == gid_t{998});
  root.put("/etc/group", "docker:x:998:alice\n");
  CHECK(root.look("docker-group").detail.ends_with("alice"));
}

TEST_CASE("host: no directory is no host, and links stay in it") {
  CHECK_FALSE(ctl::Host::open("/nowhere/at/all"));
  const Root root;
  root.put("/etc/group", "docker:x:998:\n");
  fs::create_symlink("/etc/group", root.temporary.path("etc/link"));
  fs::create_symlink("../../../../etc/passwd", root.temporary.path("etc/out"));
  CHECK(root.host().text("/etc/link") == "docker:x:998:\n");
  CHECK(root.host().text("/etc/out").empty());
  CHECK_FALSE(root.host().has("/etc/out"));
}

TEST_CASE("host: a link upwards is followed also while the machine renames files") {
  const Root root;
  root.put("/usr/sbin/runc", "#!/bin/sh\n");
  fs::create_directories(root.temporary.path("usr/bin"));
  fs::create_symlink("../sbin/runc", root.temporary.path("usr/bin/runc"));
  const ctl::Host host = root.host();
  std::atomic<bool> enough = false;
  std::atomic<int> renamed = 0;
  std::thread busy([&] {
    const std::string names[] = {root.temporary.path("a"), root.temporary.path("b")};
    testing::write_text(names[0], "");
    for (; !enough; ++renamed) fs::rename(names[renamed % 2], names[1 - renamed % 2]);
  });
  while (renamed == 0) std::this_thread::yield();
  int missed = 0;
  for (int i = 0; i < 20000; ++i) missed += host.has("/usr/bin/runc") ? 0 : 1;
  enough = true;
  busy.join();
  CHECK(missed == 0);
}
