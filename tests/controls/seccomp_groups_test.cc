#include "controls/seccomp_groups.h"

#include "catch.h"
#include "controls/seccomp_samples.h"

using namespace hardened;
using controls::syscall_groups;

namespace {

// Younger than libseccomp 2.5.4 of Debian 12, which the runtimes there skip.
const std::set<std::string> young = {
    "uretprobe",        "riscv_hwprobe", "mseal",          "getxattrat", "listxattrat",       "removexattrat",
    "setxattrat",       "listmount",     "open_tree_attr", "statmount",  "lsm_get_self_attr", "lsm_list_modules",
    "lsm_set_self_attr"};

std::multiset<std::string> all_calls(bool compat) {
  std::multiset<std::string> names;
  for (const auto& [name, group] : syscall_groups().groups) {
    for (const std::string_view call : syscall_groups().expand(name, compat)) names.emplace(call);
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
  for (const auto& [name, group] : syscall_groups().groups) {
    INFO(name);
    CHECK(name.starts_with("@"));
    CHECK_FALSE(group.why.empty());
    for (const std::string& call : group.compat) {
      CHECK_FALSE(kernel::syscall_number(call, "SCMP_ARCH_X86_64"));
      CHECK_FALSE(kernel::syscall_number(call, "SCMP_ARCH_AARCH64"));
    }
  }
}

TEST_CASE("calls that need a capability name it") {
  const auto& needed = syscall_groups().capabilities;
  CHECK(needed.at("chroot") == "CAP_SYS_CHROOT");
  CHECK(needed.at("mount") == "CAP_SYS_ADMIN");
  CHECK(needed.at("init_module") == "CAP_SYS_MODULE");
  CHECK(needed.at("open_by_handle_at") == "CAP_DAC_READ_SEARCH");
  CHECK_FALSE(needed.contains("read"));
  const std::multiset<std::string> known = all_calls(true);
  for (const auto& [call, capability] : needed) {
    INFO(call);
    CHECK(known.count(call) == 1);
    CHECK(capability.starts_with("CAP_"));
  }
}

TEST_CASE("a group is expanded, another name stands for itself") {
  CHECK(syscall_groups().expand("@bpf", false) == std::vector<std::string_view>{"bpf"});
  CHECK(syscall_groups().expand("read", false) == std::vector<std::string_view>{"read"});
  CHECK(syscall_groups().expand("@no-such-group", false) == std::vector<std::string_view>{"@no-such-group"});
  CHECK(syscall_groups().expand("@file-owner", true).size() ==
        syscall_groups().expand("@file-owner", false).size() + 3);
}

TEST_CASE("a groups file of another form is an error, never a crash") {
  for (const char* text : {"", "[]", "{}", R"({"groups":{}})", R"({"groups":{"@a":{}},"capabilities":[]})",
                           R"({"groups":{"@a":{"why":1}},"capabilities":[]})",
                           R"({"groups":{"@a":{"why":"x","calls":[1]}},"capabilities":[]})",
                           R"({"groups":{},"capabilities":[{"calls":["a"]}]})"}) {
    INFO(text);
    CHECK_FALSE(controls::parse_syscall_groups(text));
  }
}
