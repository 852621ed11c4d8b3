#include "host/sensitive.h"

#include <algorithm>
#include <set>
#include <string>

#include "catch.h"
#include "util/text.h"

using namespace hardened;

TEST_CASE("sensitive paths: each is absolute, clean and named once") {
  std::set<std::string_view> seen;
  for (const host::SensitivePath& row : host::sensitive_paths()) {
    INFO(row.path);
    CHECK(clean_path(row.path) == row.path);
    CHECK(seen.insert(row.path).second);
  }
}

TEST_CASE("sensitive paths: what CIS Docker 5.6 and 5.32 name is there") {
  const auto rows = host::sensitive_paths();
  for (const char* path :
       {"/", "/boot", "/dev", "/etc", "/lib", "/proc", "/sys", "/usr", "/root", "/home", "/run", "/var/run",
        "/var/lib/docker", "/var/lib/kubelet", "/run/docker.sock", "/run/containerd/containerd.sock"}) {
    INFO(path);
    CHECK(std::any_of(rows.begin(), rows.end(), [path](const host::SensitivePath& row) { return row.path == path; }));
  }
}

TEST_CASE("sensitive paths: only directories that hold ordinary data elsewhere are open below") {
  for (const host::SensitivePath& row : host::sensitive_paths()) {
    INFO(row.path);
    CHECK((row.subtree || row.path == "/" || row.path == "/home"));
  }
}
