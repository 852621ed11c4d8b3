#include "ctl/root.h"

using namespace hardened;
using ctl::Health;
using testing::Root;

namespace {

struct Row {
  const char* check;
  const char* config;     // daemon.json
  const char* arguments;  // of dockerd, in its unit
  Health health;
  const char* told;  // in the detail
};

void look(const Row& row) {
  const Root root;
  root.put("/etc/docker/daemon.json", row.config);
  root.put("/lib/systemd/system/docker.service", std::string("ExecStart=/usr/bin/dockerd ") + row.arguments + "\n");
  const ctl::Finding finding = root.look(row.check);
  INFO(row.check << " " << row.config << " " << row.arguments << ": " << finding.detail);
  CHECK(finding.health == row.health);
  CHECK(finding.detail.find(row.told) != std::string::npos);
  CHECK(finding.remedy.empty() == (row.health != Health::bad));
}

}  // namespace

TEST_CASE("host settings: those that are on or off") {
  const Row rows[] = {
      {"icc", "{}", "", Health::bad, "reach each other"},
      {"icc", R"({"icc": true})", "", Health::bad, "reach each other"},
      {"icc", R"({"icc": false})", "", Health::good, "\"icc\" is false"},
      {"icc", "{}", "--icc=false", Health::good, "\"icc\" is false"},
      {"icc", "{}", "--icc", Health::bad, "reach each other"},
      {"iptables", "{}", "", Health::good, "\"iptables\" is true"},
      {"iptables", R"({"iptables": false})", "", Health::bad, "no firewall rules"},
      {"iptables", "{}", "--iptables=0", Health::bad, "no firewall rules"},
      {"iptables", "{}", "--iptables=1", Health::good, "\"iptables\" is true"},
      {"live-restore", "{}", "", Health::bad, "end with dockerd"},
      {"live-restore", R"({"live-restore": true})", "", Health::good, "true"},
      {"live-restore", "{}", "--live-restore", Health::good, "true"},
      {"userland-proxy", "{}", "", Health::bad, "published port"},
      {"userland-proxy", R"({"userland-proxy": false})", "", Health::good, "false"},
      {"experimental", "{}", "", Health::good, "false"},
      {"experimental", R"({"experimental": true})", "", Health::bad, "switched on"},
      {"experimental", "{}", "--experimental", Health::bad, "switched on"},
      {"daemon-no-new-privileges", "{}", "", Health::bad, "raise privileges"},
      {"daemon-no-new-privileges", R"({"no-new-privileges": true})", "", Health::good, "true"},
  };
  for (const Row& row : rows) look(row);
}

TEST_CASE("host settings: those that are words") {
  const Row rows[] = {
      {"log-level", "{}", "", Health::good, "info"},
      {"log-level", R"({"log-level": "info"})", "", Health::good, "info"},
      {"log-level", R"({"log-level": "debug"})", "", Health::bad, "what they carry"},
      {"log-level", R"({"log-level": "error"})", "", Health::bad, "is not logged"},
      {"log-level", R"({"debug": true})", "", Health::bad, "what they carry"},
      {"log-level", R"({"log-level": "debug"})", "--log-level info", Health::good, "info"},
      {"published-ports", "{}", "", Health::bad, "every address"},
      {"published-ports", R"({"ip": "::"})", "", Health::bad, "every address"},
      {"published-ports", R"({"ip": "127.0.0.1"})", "", Health::good, "127.0.0.1"},
      {"published-ports", "{}", "--ip=10.0.0.1", Health::good, "10.0.0.1"},
      {"storage-driver", "{}", "", Health::good, "overlay2"},
      {"storage-driver", R"({"storage-driver": "aufs"})", "", Health::bad, "aufs"},
      {"storage-driver", R"({"storage-driver": "zfs"})", "", Health::good, "zfs"},
      {"userns-remap", R"({"userns-remap": "default"})", "", Health::good, "default"},
      {"userns-remap", R"({"userns-remap": ""})", "", Health::bad, "root on the host"},
      {"seccomp-profile", "{}", "", Health::good, "get a filter"},
      {"seccomp-profile", R"({"seccomp-profile": "/etc/x.json"})", "", Health::good, "get a filter"},
      {"seccomp-profile", R"({"seccomp-profile": "unconfined"})", "", Health::bad, "every system call"},
      {"cgroup-parent", "{}", "", Health::good, "own cgroup"},
      {"cgroup-parent", R"({"cgroup-parent": "/x"})", "", Health::bad, "/x"},
      {"log-driver", "{}", "", Health::bad, "json-file"},
      {"log-driver", R"({"log-driver": "none"})", "", Health::bad, "is none"},
      {"log-driver", R"({"log-driver": "local"})", "", Health::bad, "is local"},
      {"log-driver", R"({"log-driver": "syslog"})", "", Health::good, "syslog"},
      {"log-driver", "{}", "--log-driver fluentd", Health::good, "fluentd"},
  };
  for (const Row& row : rows) look(row);
}

TEST_CASE("host settings: those that are lists") {
  const Row rows[] = {
      {"insecure-registries", "{}", "", Health::good, "with TLS"},
      {"insecure-registries", R"({"insecure-registries": []})", "", Health::good, "with TLS"},
      {"insecure-registries", R"({"insecure-registries": ["r:5000"]})", "", Health::bad, "r:5000"},
      {"insecure-registries", "{}", "--insecure-registry r:1 --insecure-registry=r:2", Health::bad, "r:1, r:2"},
      {"insecure-registries", R"({"registry-mirrors": ["http://m"]})", "", Health::bad, "http://m"},
      {"insecure-registries", R"({"registry-mirrors": ["https://m"]})", "", Health::good, "with TLS"},
      {"base-size", "{}", "", Health::good, "as it comes"},
      {"base-size", R"({"storage-opts": ["dm.basesize=50G"]})", "", Health::bad, "fill the disk"},
      {"base-size", R"({"storage-opts": ["overlay2.size=5G"]})", "", Health::good, "as it comes"},
      {"authorization", "{}", "", Health::bad, "ask for anything"},
      {"authorization", R"({"authorization-plugins": []})", "", Health::bad, "ask for anything"},
      {"authorization", R"({"authorization-plugins": ["opa"]})", "", Health::good, "opa"},
      {"authorization", "{}", "--authorization-plugin=opa", Health::good, "opa"},
      {"default-ulimits", "{}", "", Health::bad, "dockerd's own"},
      {"default-ulimits", R"({"default-ulimits": {}})", "", Health::bad, "dockerd's own"},
      {"default-ulimits", R"({"default-ulimits": {"nofile": {"Hard": 1}}})", "", Health::good, "is set"},
      {"default-ulimits", "{}", "--default-ulimit nofile=1:1", Health::good, "is set"},
  };
  for (const Row& row : rows) look(row);
}

TEST_CASE("host settings: who listens at a network address has to ask for certificates") {
  const Row rows[] = {
      {"tls", "{}", "", Health::not_here, "no network address"},
      {"tls", "{}", "-H fd:// -H unix:///run/docker.sock", Health::not_here, "no network address"},
      {"tls", "{}", "-H tcp://0.0.0.0:2375", Health::bad, "tcp://0.0.0.0:2375"},
      {"tls", "{}", "-H 0.0.0.0:2375", Health::bad, "0.0.0.0:2375"},
      {"tls", "{}", "-H tcp://0.0.0.0:2376 --tls", Health::bad, "is root on this host"},
      {"tls", "{}", "-H tcp://0.0.0.0:2376 --tlsverify", Health::good, "shows a certificate"},
      {"tls", R"({"hosts": ["unix:///x", "tcp://:1"]})", "", Health::bad, "tcp://:1 is root"},
      {"tls", R"({"hosts": ["tcp://:1"], "tlsverify": true})", "", Health::good, "tcp://:1"},
      {"tls", R"({"hosts": ["tcp://:1"], "tlsverify": true})", "--tlsverify=false", Health::bad, "tcp://:1"},
  };
  for (const Row& row : rows) look(row);
}
