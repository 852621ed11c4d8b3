#include "controls/seccomp_groups.h"

#include <fstream>

#include "catch.h"
#include "controls/seccomp_samples.h"

using namespace hardened;
using controls::expand_group;
using controls::syscall_groups;
using Names = std::vector<std::string_view>;

namespace {

// Younger than libseccomp 2.5.4 of Debian 12, which the runtimes there skip.
const std::set<std::string> young = {
    "uretprobe",        "riscv_hwprobe", "mseal",          "getxattrat", "listxattrat",       "removexattrat",
    "setxattrat",       "listmount",     "open_tree_attr", "statmount",  "lsm_get_self_attr", "lsm_list_modules",
    "lsm_set_self_attr"};

std::multiset<std::string> all_calls(bool compat) {
  std::multiset<std::string> names;
  for (const controls::SyscallGroup& group : syscall_groups()) {
    for (const std::string_view call : expand_group(group.name, compat)) names.emplace(call);
  }
  return names;
}

}  // namespace

TEST_CASE("the groups hold every call of x86-64 once") {
  const std::multiset<std::string> grouped = all_calls(false);
  int calls = 0;
  for (int number = 0; number < 1024; ++number) {
    const auto name = kernel::syscall_name(number, "SCMP_ARCH_X86_64");
    if (!name) continue;
    ++calls;
    INFO(number << " " << *name);
    CHECK(grouped.count(*name) == 1);
  }
  CHECK(calls >= 368);
}

TEST_CASE("the groups hold the calls of aarch64 and of the 32-bit ABIs") {
  const std::multiset<std::string> native = all_calls(false);
  const std::multiset<std::string> compat = all_calls(true);
  for (int number = 0; number < 1024; ++number) {
    if (const auto name = kernel::syscall_name(number, "SCMP_ARCH_AARCH64")) CHECK(native.count(*name) == 1);
    for (const char* architecture : {"SCMP_ARCH_X86", "SCMP_ARCH_ARM"}) {
      if (const auto name = kernel::syscall_name(number, architecture)) CHECK(compat.count(*name) == 1);
    }
  }
}

TEST_CASE("every name in the groups is a system call, in one group only, and compat names are no 64-bit ones") {
  for (const std::string& name : all_calls(true)) {
    INFO(name);
    CHECK((kernel::is_syscall(name) || young.contains(name)));
    CHECK(all_calls(true).count(name) == 1);
  }
  for (const controls::SyscallGroup& group : syscall_groups()) {
    INFO(group.name);
    CHECK(group.name.starts_with("@"));
    CHECK_FALSE(group.why.empty());
    for (const std::string_view name : group.compat) {
      const std::string call(name);
      CHECK_FALSE(kernel::syscall_number(call, "SCMP_ARCH_X86_64"));
      CHECK_FALSE(kernel::syscall_number(call, "SCMP_ARCH_AARCH64"));
    }
  }
}

TEST_CASE("calls that need a capability name it") {
  CHECK(controls::capability_needed("chroot") == "CAP_SYS_CHROOT");
  CHECK(controls::capability_needed("mount") == "CAP_SYS_ADMIN");
  CHECK(controls::capability_needed("init_module") == "CAP_SYS_MODULE");
  CHECK(controls::capability_needed("open_by_handle_at") == "CAP_DAC_READ_SEARCH");
  CHECK(controls::capability_needed("read").empty());
  const std::multiset<std::string> known = all_calls(true);
  for (const controls::CapabilityCalls& row : controls::capability_calls()) {
    INFO(row.capability);
    CHECK(row.capability.starts_with("CAP_"));
    for (const std::string_view name : row.calls) {
      for (const std::string_view call : expand_group(name, true)) CHECK(known.count(std::string(call)) == 1);
    }
  }
}

TEST_CASE("a group is expanded, another name stands for itself") {
  CHECK(expand_group("@bpf", false) == Names{"bpf"});
  CHECK(expand_group("read", false) == Names{"read"});
  CHECK(expand_group("@no-such-group", false) == Names{"@no-such-group"});
  CHECK(expand_group("@file-owner", true).size() == expand_group("@file-owner", false).size() + 3);
}

TEST_CASE("the tables are the file's") {
  const Json file = Json::parse(std::ifstream(std::string(HARDENED_SOURCE_DIR) + "/profiles/seccomp/groups.json"));
  REQUIRE(file["groups"].size() == syscall_groups().size());
  for (const controls::SyscallGroup& group : syscall_groups()) {
    INFO(group.name);
    const Json& row = file["groups"].at(std::string(group.name));
    CHECK(row["why"] == group.why);
    CHECK(row["calls"] == Json(Names(group.calls.begin(), group.calls.end())));
    CHECK(row.value("compat", Json::array()) == Json(Names(group.compat.begin(), group.compat.end())));
  }
  REQUIRE(file["capabilities"].size() == controls::capability_calls().size());
  for (std::size_t i = 0; i < file["capabilities"].size(); ++i) {
    const controls::CapabilityCalls& row = controls::capability_calls()[i];
    CHECK(file["capabilities"][i] ==
          Json({{"calls", Names(row.calls.begin(), row.calls.end())}, {"capability", row.capability}}));
  }
}
