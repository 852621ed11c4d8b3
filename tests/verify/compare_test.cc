#include "verify/compare.h"

#include "catch.h"

using namespace hardened;
using verify::ContainerView;

namespace {

constexpr std::uint64_t chown_bit = 1;  // CAP_CHOWN is number 0

state::Grant promised() {
  state::Grant grant;
  grant.process = Json::parse(R"({"noNewPrivileges":true,"capabilities":{"bounding":["CAP_CHOWN"]},
      "rlimits":[{"type":"RLIMIT_CORE","soft":0,"hard":0}],"oomScoreAdj":100})");
  grant.resources =
      Json::parse(R"({"pids":{"limit":256},"memory":{"limit":1000,"swap":1000},"cpu":{"quota":100,"period":100}})");
  grant.profile = Json::parse(R"({"rootfs":"read-only"})");
  grant.ids = {1000000, 2000000, 65536};
  return grant;
}

ContainerView kept() {
  ContainerView view;
  view.init = {.pid = 1,
               .name = "init",
               .capabilities = {{"bounding", chown_bit},
                                {"effective", chown_bit},
                                {"permitted", 0},
                                {"inheritable", 0},
                                {"ambient", 0}},
               .no_new_privileges = true,
               .seccomp_filter = true,
               .rlimits = {{"RLIMIT_CORE", {0, 0}}},
               .uids = {1000000, 1000000, 1065535, 1000000},
               .uid_map = "0 1000000 65536",
               .gid_map = "0 2000000 65536",
               .namespaces = {{"mnt", 11}, {"net", 12}}};
  view.oom_score_adj = 100;
  view.mounts = {{"/", true}, {"/proc/kcore", false}, {"/proc/sys", true}};
  view.masked_paths = {"/proc/kcore"};
  view.read_only_paths = {"/proc/sys"};
  view.cgroup = {.pids = 256, .memory = 1000, .memory_and_swap = 1000, .cpus = 1.0};
  return view;
}

const verify::Outside outside{{{"mnt", 1}, {"net", 2}}, {}};

struct Row {
  const char* control;
  void (*weaken)(ContainerView&);
};

const Row rows[] = {
    {"capabilities", [](ContainerView& view) { view.init.capabilities["effective"] = chown_bit << 1U; }},
    {"capabilities", [](ContainerView& view) { view.init.capabilities["ambient"] = chown_bit; }},
    {"capabilities", [](ContainerView& view) { view.init.capabilities["permitted"] = ~std::uint64_t{0}; }},
    {"no-new-privileges", [](ContainerView& view) { view.init.no_new_privileges = false; }},
    {"seccomp", [](ContainerView& view) { view.init.seccomp_filter = false; }},
    {"seccomp", [](ContainerView& view) { view.seccomp_programs = fail(Code::io, "cannot look"); }},
    {"user-namespace", [](ContainerView& view) { view.init.uid_map = "0 0 4294967295"; }},
    {"user-namespace", [](ContainerView& view) { view.init.gid_map = "0 1000000 65536"; }},
    {"user-namespace", [](ContainerView& view) { view.init.uids[1] = 0; }},
    {"user-namespace", [](ContainerView& view) { view.init.uids[3] = 1065536; }},
    {"host-namespaces", [](ContainerView& view) { view.init.namespaces["net"] = 2; }},
    {"read-only-rootfs", [](ContainerView& view) { view.mounts["/"] = false; }},
    {"masked-paths", [](ContainerView& view) { view.mounts["/proc/sys"] = false; }},
    {"masked-paths", [](ContainerView& view) { view.mounts.erase("/proc/sys"); }},
    {"masked-paths", [](ContainerView& view) { view.mounts.erase("/proc/kcore"); }},
    {"devices", [](ContainerView& view) { view.cgroup.every_device = true; }},
    {"pids", [](ContainerView& view) { view.cgroup.pids = 257; }},
    {"pids", [](ContainerView& view) { view.cgroup.pids.reset(); }},
    {"memory", [](ContainerView& view) { view.cgroup.memory.reset(); }},
    {"memory", [](ContainerView& view) { view.cgroup.memory_and_swap = 1001; }},
    {"memory", [](ContainerView& view) { view.cgroup.memory_and_swap = verify::CgroupView::unlimited; }},
    {"cpu", [](ContainerView& view) { view.cgroup.cpus = 1.5; }},
    {"cpu", [](ContainerView& view) { view.cgroup.cpus.reset(); }},
    {"rlimits", [](ContainerView& view) { view.init.rlimits["RLIMIT_CORE"].hard = 1; }},
    {"process-knobs", [](ContainerView& view) { view.oom_score_adj = 99; }},
    {"seccomp", [](ContainerView& view) {
       view.others.push_back(view.init);
       view.others.back().seccomp_filter = false;
     }}};

}  // namespace

TEST_CASE("verify: a container that is what it was granted has no weakness, nor has a stronger one") {
  CHECK(verify::compare(promised(), kept(), outside).empty());
  ContainerView stronger = kept();
  stronger.init.capabilities["bounding"] = 0;
  stronger.cgroup = {.pids = 1, .memory = 1, .memory_and_swap = 1, .cpus = 0.1};
  stronger.oom_score_adj = 1000;
  CHECK(verify::compare(promised(), stronger, outside).empty());
}

TEST_CASE("verify: each way to be weaker is told once, by the control that promised otherwise") {
  for (const Row& row : rows) {
    ContainerView view = kept();
    row.weaken(view);
    const auto weaknesses = verify::compare(promised(), view, outside);
    REQUIRE(weaknesses.size() == 1);
    CHECK(weaknesses.front().control == row.control);
  }
}

TEST_CASE("verify: the label of a security module is the one granted, and AppArmor enforces it") {
  struct Label {
    const char* member;
    const char* label;
    const char* control;  // empty: as granted
  };
  const Label labels[] = {{"apparmorProfile", "mine (enforce)", ""},
                          {"apparmorProfile", "mine (complain)", "apparmor"},
                          {"apparmorProfile", "unconfined", "apparmor"},
                          {"apparmorProfile", "", "apparmor"},
                          {"selinuxLabel", "mine", ""},
                          {"selinuxLabel", "mine (enforce)", "selinux"},
                          {"selinuxLabel", "system_u:system_r:spc_t:s0", "selinux"}};
  for (const Label& row : labels) {
    INFO(row.member << ": " << row.label);
    state::Grant grant = promised();
    grant.process[row.member] = "mine";
    ContainerView view = kept();
    view.security_label = row.label;
    const auto weaknesses = verify::compare(grant, view, outside);
    CHECK((weaknesses.empty() ? "" : weaknesses.front().control) == row.control);
  }
}

TEST_CASE("verify: what is warned of, off, waived or in audit mode was not promised") {
  ContainerView view = kept();
  view.mounts["/"] = false;
  state::Grant grant = promised();
  grant.levels["read-only-rootfs"] = policy::Level::warn;
  CHECK(verify::compare(grant, view, outside).empty());
  grant = promised();
  grant.waivers.push_back({"read-only-rootfs", {"x"}, "why"});
  CHECK(verify::compare(grant, view, outside).empty());
  grant = promised();
  grant.mode = policy::Mode::audit;
  CHECK(verify::compare(grant, view, outside).empty());
}
