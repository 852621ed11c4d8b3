#include "controls/seccomp_generate.h"

#include "controls/seccomp_runtime_needs.h"
#include "controls/seccomp_samples.h"

using namespace hardened;
using namespace hardened::controls;
using hardened::test::answers_errno;
using hardened::test::Arguments;

namespace {

constexpr const char* x86_64 = "SCMP_ARCH_X86_64";

// An independent reading of a profile: what the profile's words, the manual pages and the kernel's own types say, call
// by call, without a look at the generator.
class Reading {
 public:
  Reading(policy::Seccomp profile, std::set<std::string> capabilities)
      : profile_(std::move(profile)), capabilities_(std::move(capabilities)) {
    const Json groups = Json::parse(std::ifstream(std::string(HARDENED_SOURCE_DIR) + "/profiles/seccomp/groups.json"));
    const auto members = [&groups](const std::vector<std::string>& tokens, std::set<std::string>& names) {
      for (const std::string& token : tokens) {
        if (token.front() != '@')
          names.insert(token);
        else
          for (const Json& call : groups.at("groups").at(token).at("calls")) names.insert(call.get<std::string>());
      }
    };
    members(profile_.allow, allowed_);
    members(profile_.deny, denied_);
    for (const Json& row : groups.at("capabilities")) {
      std::set<std::string> calls;
      members(row.at("calls").get<std::vector<std::string>>(), calls);
      for (const std::string& call : calls) needed_[call] = row.at("capability").get<std::string>();
    }
  }

  [[nodiscard]] bool lists(const std::string& call) const { return allowed_.contains(call) && !is_denied(call); }
  [[nodiscard]] bool is_denied(const std::string& call) const {
    const auto needed = needed_.find(call);
    return denied_.contains(call) || (allowed_.contains(call) && needed != needed_.end() && !holds(needed->second));
  }

  [[nodiscard]] bool allows(const std::string& call, const Arguments& a) const {
    static const std::set<std::string> runtime = {
        "close",       "epoll_ctl",  "execve", "exit",           "exit_group",      "fstatfs",
        "futex",       "getdents64", "getpid", "mmap",           "restart_syscall", "munmap",
        "madvise",     "nanosleep",  "read",   "rt_sigprocmask", "rt_sigreturn",    "sched_yield",
        "sigaltstack", "tgkill",     "write",  "openat"};
    if (call == "clone3" || (!lists(call) && !runtime.contains(call))) return false;
    if (call == "clone") return lists("unshare") || (a[0] & 0x7E020000) == 0;
    if (call == "personality")
      return a[0] == 0 || a[0] == 8 || a[0] == 0x20000 || a[0] == 0x20008 || a[0] == 0xffffffff;
    if (call == "ioctl")
      return static_cast<std::uint16_t>(a[1]) != 0x5412 && static_cast<std::uint16_t>(a[1]) != 0x541C;
    if (call == "socketpair") return a[0] == 1;
    if (call == "socket") return allows_socket(a);
    if (call == "open") return (a[1] & 020000100) == 0 || (a[2] & 04000) == 0;
    if (call == "openat") return (a[2] & 020000100) == 0 || (a[3] & 04000) == 0;
    if (call == "chmod" || call == "fchmod" || call == "mknod" || call == "creat") return (a[1] & 04000) == 0;
    if (call == "fchmodat" || call == "fchmodat2" || call == "mknodat") return (a[2] & 04000) == 0;
    return true;
  }

 private:
  [[nodiscard]] bool holds(const std::string& capability) const { return capabilities_.contains(capability); }
  [[nodiscard]] bool allows_socket(const Arguments& a) const {
    const std::set<std::string> names(profile_.socket_families.begin(), profile_.socket_families.end());
    if (a[0] == 1) return names.contains("AF_UNIX");
    if (a[0] == 16) return names.contains("AF_NETLINK") && (a[2] == 0 || holds("CAP_NET_ADMIN"));
    if (a[0] == 17) return names.contains("AF_PACKET");
    if (a[0] == 40) return names.contains("AF_VSOCK");
    if (a[0] != 2 && a[0] != 10) return false;
    if (!names.contains(a[0] == 2 ? "AF_INET" : "AF_INET6")) return false;
    return (a[1] & 15) == 1 || (a[1] & 15) == 2 || holds("CAP_NET_RAW");
  }

  policy::Seccomp profile_;
  std::set<std::string> capabilities_;
  std::set<std::string> allowed_, denied_;
  std::map<std::string, std::string> needed_;
};

const std::set<std::string> filtered = {"clone",    "clone3",    "personality", "ioctl",   "socketpair",
                                        "socket",   "open",      "openat",      "chmod",   "fchmod",
                                        "fchmodat", "fchmodat2", "mknod",       "mknodat", "creat"};

std::vector<sock_filter> generated(const policy::Seccomp& profile, const std::set<std::string>& capabilities,
                                   const Facts& facts) {
  const SyscallFilter filter = generate_filter(profile, Capabilities(capabilities.begin(), capabilities.end()), facts);
  return test::program_of(
      write_filter(filter, filter_architectures(facts.architecture, profile.compat_architectures), {}));
}

// Every call and number to 600, with arguments that matter; fails once and names the first that differs.
void check_against_reading(const policy::Seccomp& profile, const std::set<std::string>& capabilities, int samples) {
  const std::vector<sock_filter> program = generated(profile, capabilities, test::runc_facts());
  const Reading reading(profile, capabilities);
  std::mt19937_64 random(capabilities.size() + 7);
  for (int number = 0; number <= 600; ++number) {
    const std::string name = kernel::syscall_name(number, x86_64).value_or("");
    for (int i = 0; i < (filtered.contains(name) ? samples : 3); ++i) {
      const Arguments a = test::sample_arguments(random);
      const std::uint32_t answer = test::run_filter(program, AUDIT_ARCH_X86_64, number, a);
      INFO(number << " " << name << fmt::format(" {:x} {:x} {:x} {:x}", a[0], a[1], a[2], a[3]) << " got " << answer);
      if ((answer == SECCOMP_RET_ALLOW) != reading.allows(name, a)) FAIL("differs from the profile");
      if (answer != SECCOMP_RET_ALLOW && (answer & SECCOMP_RET_ACTION_FULL) != SECCOMP_RET_ERRNO) FAIL("not an errno");
      if (reading.is_denied(name) && !reading.allows(name, a) && answer != answers_errno(EPERM))
        FAIL("a known denial is not EPERM");
      if (!filtered.contains(name) && !reading.lists(name) && !reading.is_denied(name) && answer != SECCOMP_RET_ALLOW &&
          answer != answers_errno(ENOSYS))
        FAIL("an unknown call is not ENOSYS");
    }
  }
}

std::vector<std::string> each_capability() {
  return {"CAP_CHOWN",     "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_NET_RAW",    "CAP_NET_ADMIN",
          "CAP_SYS_ADMIN", "CAP_SYS_CHROOT",   "CAP_SYS_PTRACE",      "CAP_SYS_MODULE", "CAP_SYS_TIME",
          "CAP_SYS_NICE",  "CAP_SYSLOG",       "CAP_SYS_BOOT",        "CAP_SYS_RAWIO",  "CAP_SYS_PACCT",
          "CAP_BPF",       "CAP_PERFMON",      "CAP_SYS_TTY_CONFIG",  "CAP_SETUID",     "CAP_MKNOD"};
}

}  // namespace

TEST_CASE("the strict profile, compiled and run over every call, is what it says") {
  check_against_reading(test::strict_profile(), {}, 1500);
}

TEST_CASE("every capability alone opens what it is needed for, and nothing else") {
  policy::Seccomp open = test::strict_profile();
  open.deny = {"@keyring"};
  for (const char* group : {"@mount", "@namespace", "@module", "@bpf", "@perf", "@trace", "@fanotify", "@handle",
                            "@reboot", "@swap", "@raw-io", "@clock-set", "@admin"})
    open.allow.emplace_back(group);
  for (const std::string& capability : each_capability()) {
    INFO(capability);
    check_against_reading(test::strict_profile(), {capability}, 20);
    check_against_reading(open, {capability}, 20);
  }
}

TEST_CASE("socket families and single calls as a profile lists them") {
  policy::Seccomp profile = test::strict_profile();
  for (const auto& families : {std::vector<std::string>{},
                               {"AF_UNIX"},
                               {"AF_INET"},
                               {"AF_VSOCK", "AF_PACKET", "AF_NETLINK"},
                               {"AF_NO_SUCH"}}) {
    profile.socket_families = families;
    check_against_reading(profile, {}, 200);
    check_against_reading(profile, {"CAP_NET_RAW", "CAP_NET_ADMIN"}, 200);
  }
  profile.allow = {"getpid", "socket"};
  profile.deny = {"socket", "@mount"};
  check_against_reading(profile, {}, 50);
}

TEST_CASE("what a container may and may not do under strict, in so many words") {
  const auto program = generated(test::strict_profile(), {}, test::runc_facts());
  struct Row {
    const char* what;
    const char* call;
    Arguments arguments;
    std::uint32_t answer;
  };
  const Row rows[] = {
      {"make a thread", "clone", {0x3d0f00}, SECCOMP_RET_ALLOW},
      {"fork", "clone", {0x1200011}, SECCOMP_RET_ALLOW},
      {"make a user namespace", "clone", {0x10000011}, answers_errno(EPERM)},
      {"make one by unshare", "unshare", {0x10000000}, answers_errno(EPERM)},
      {"make one by clone3, so that libc falls back", "clone3", {1, 88}, answers_errno(ENOSYS)},
      {"ask for the personality", "personality", {0xffffffff}, SECCOMP_RET_ALLOW},
      {"switch off address randomization", "personality", {0x0040000}, answers_errno(EPERM)},
      {"make everything readable executable", "personality", {0x0400008}, answers_errno(EPERM)},
      {"ask for the window size", "ioctl", {0, 0x5413}, SECCOMP_RET_ALLOW},
      {"type into the terminal", "ioctl", {0, 0x5412}, answers_errno(EPERM)},
      {"type into it with a bit the kernel drops", "ioctl", {0, 0xffffffff00005412}, answers_errno(EPERM)},
      {"paste into the console", "ioctl", {0, 0x541c}, answers_errno(EPERM)},
      {"a request musl sign-extends", "ioctl", {0, 0xffffffff80045430}, SECCOMP_RET_ALLOW},
      {"chmod u+s", "fchmodat", {3, 0, 04755}, answers_errno(EPERM)},
      {"chmod 2777 of a socket directory", "fchmodat", {3, 0, 02777}, SECCOMP_RET_ALLOW},
      {"create a set-user-ID file", "openat", {3, 0, 0101, 04755}, answers_errno(EPERM)},
      {"create one without a name", "openat", {3, 0, 020200001, 04755}, answers_errno(EPERM)},
      {"open with rubbish for a mode", "openat", {3, 0, 0, 0x7ffdfc00}, SECCOMP_RET_ALLOW},
      {"mknod of a set-user-ID file", "mknodat", {3, 0, 0104755}, answers_errno(EPERM)},
      {"a web server's socket", "socket", {2, 0x80801, 6}, SECCOMP_RET_ALLOW},
      {"a raw socket", "socket", {2, 3, 1}, answers_errno(EPERM)},
      {"a packet socket", "socket", {17, 3, 0}, answers_errno(EAFNOSUPPORT)},
      {"AF_ALG", "socket", {38, 5, 0}, answers_errno(EAFNOSUPPORT)},
      {"AF_VSOCK", "socket", {40, 1, 0}, answers_errno(EAFNOSUPPORT)},
      {"list the addresses", "socket", {16, 0x80003, 0}, SECCOMP_RET_ALLOW},
      {"talk to audit, as su does", "socket", {16, 3, 9}, answers_errno(EAFNOSUPPORT)},
      {"configure netfilter", "socket", {16, 3, 12}, answers_errno(EAFNOSUPPORT)},
      {"mount", "mount", {}, answers_errno(EPERM)},
      {"trace", "ptrace", {}, answers_errno(EPERM)},
      {"io_uring, so that programs fall back", "io_uring_setup", {}, answers_errno(ENOSYS)},
      {"openat2, so that programs fall back", "openat2", {}, answers_errno(ENOSYS)},
      {"keyrings", "keyctl", {}, answers_errno(EPERM)},
      {"chroot", "chroot", {}, answers_errno(EPERM)},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(test::run_filter(program, AUDIT_ARCH_X86_64, test::number_of(row.call), row.arguments) == row.answer);
  }
}

TEST_CASE("a step of a build may make the set-user-ID programs of its packages") {
  Facts building = test::runc_facts();
  building.workload.building = true;
  const auto program = generated(test::strict_profile(), {}, building);
  const auto answer = [&](const char* call, const Arguments& arguments) {
    return test::run_filter(program, AUDIT_ARCH_X86_64, test::number_of(call), arguments);
  };
  CHECK(answer("fchmodat", {3, 0, 04755}) == SECCOMP_RET_ALLOW);
  CHECK(answer("openat", {3, 0, 0101, 04755}) == SECCOMP_RET_ALLOW);
  CHECK(answer("mount", {}) == answers_errno(EPERM));
}

TEST_CASE("calls younger than libseccomp are unknown, and other ABIs are killed") {
  const auto program = generated(test::strict_profile(), {}, test::runc_facts());
  for (const int number : {500, 600, 1000, 0x3fffffff})
    CHECK(test::run_filter(program, AUDIT_ARCH_X86_64, number, {}) == answers_errno(ENOSYS));
  for (int number = 0; number < 600; ++number) {
    CHECK_FALSE(test::allows(program, number, {}, AUDIT_ARCH_I386));
    CHECK_FALSE(test::allows(program, number | 0x40000000, {}));
  }
}

TEST_CASE("a profile that asks for the 32-bit ABI gets the same limits there") {
  policy::Seccomp profile = test::strict_profile();
  profile.compat_architectures = true;
  const auto program = generated(profile, {}, test::runc_facts());
  const auto on_i386 = [&](const char* call, const Arguments& arguments) {
    return test::allows(program, kernel::syscall_number(call, "SCMP_ARCH_X86").value(), arguments, AUDIT_ARCH_I386);
  };
  CHECK(on_i386("chown32", {}));
  CHECK(on_i386("futex_time64", {}));
  CHECK_FALSE(on_i386("mount", {}));
  CHECK_FALSE(on_i386("umount", {}));
  CHECK_FALSE(on_i386("clock_settime64", {}));
  CHECK_FALSE(on_i386("vm86", {}));
  CHECK_FALSE(on_i386("clone", {0x10000000}));
  CHECK_FALSE(on_i386("ioctl", {0, 0x5412}));
  CHECK_FALSE(on_i386("chmod", {0, 04755}));
  CHECK_FALSE(test::allows(program, 0 | 0x40000000, {}));
  CHECK(test::allows(program, test::number_of("read"), {}));
}

TEST_CASE("other machines: their own numbers, and clone's arguments where they are swapped") {
  Facts facts = test::runc_facts();
  facts.architecture = "aarch64";
  Json seccomp =
      write_filter(generate_filter(test::strict_profile(), {}, facts), filter_architectures("aarch64", false), {});
  const auto arm = test::program_of(seccomp, "SCMP_ARCH_AARCH64");
  CHECK(test::allows(arm, 220, {0x11}, AUDIT_ARCH_AARCH64));
  CHECK_FALSE(test::allows(arm, 220, {0x10000011}, AUDIT_ARCH_AARCH64));
  CHECK_FALSE(test::allows(arm, 40, {}, AUDIT_ARCH_AARCH64));  // mount
  facts.architecture = "s390x";
  const SyscallFilter mainframe = generate_filter(test::strict_profile(), {}, facts);
  CHECK(find_rule(mainframe, "clone")->allow == std::vector<Clause>{{masked(1, 0x7E020000, 0)}});
  CHECK(filter_architectures("x86_64", false) == std::vector<std::string>{"SCMP_ARCH_X86_64"});
  CHECK(filter_architectures("x86_64", true) == std::vector<std::string>{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86"});
  CHECK(filter_architectures("vax", true).empty());
}

TEST_CASE("a tracer could change calls behind the filter before Linux 4.8") {
  policy::Seccomp profile = test::strict_profile();
  std::erase(profile.deny, "@trace");
  profile.allow.emplace_back("@trace");
  Facts facts = test::runc_facts();
  const std::set<std::string> capabilities = {"CAP_SYS_PTRACE"};
  CHECK(test::allows(generated(profile, capabilities, facts), test::number_of("ptrace"), {}));
  facts.kernel_major = 4;
  facts.kernel_minor = 7;
  CHECK_FALSE(test::allows(generated(profile, capabilities, facts), test::number_of("ptrace"), {}));
}

TEST_CASE("the runtime's own calls are there whatever the profile says") {
  policy::Seccomp nothing;
  nothing.deny = {"execve", "write", "@process"};
  struct Row {
    host::RuntimeFact runtime;
    bool openat2;
    bool statx;
    bool getdents64;
  };
  using host::RuntimeKind;
  const Row rows[] = {
      {{"", RuntimeKind::runc, 1, 1, 5}, false, false, true},  {{"", RuntimeKind::runc, 1, 2, 7}, false, false, true},
      {{"", RuntimeKind::runc, 1, 2, 8}, true, true, true},    {{"", RuntimeKind::runc, 1, 2, 9}, false, true, true},
      {{"", RuntimeKind::runc, 1, 3, 0}, false, false, true},  {{"", RuntimeKind::runc, 1, 3, 3}, true, true, true},
      {{"", RuntimeKind::runc, 1, 3, 4}, false, true, true},   {{"", RuntimeKind::runc, 1, 4, 0}, false, true, true},
      {{"", RuntimeKind::runc, 2, 0, 0}, false, true, true},   {{"", RuntimeKind::runc, 0, 0, 0}, true, true, true},
      {{"", RuntimeKind::crun, 1, 8, 1}, false, false, false}, {{"", RuntimeKind::other, 1, 0, 0}, true, true, true}};
  for (const Row& row : rows) {
    INFO(static_cast<int>(row.runtime.kind)
         << " " << row.runtime.major << "." << row.runtime.minor << "." << row.runtime.patch);
    Facts facts = test::runc_facts();
    facts.runtime = row.runtime;
    const auto program = generated(nothing, {}, facts);
    for (const char* call : {"execve", "exit", "exit_group", "rt_sigreturn", "restart_syscall", "write", "close"})
      CHECK(test::allows(program, test::number_of(call), {}));
    CHECK(test::allows(program, test::number_of("openat2"), {}) == row.openat2);
    CHECK(test::allows(program, test::number_of("statx"), {}) == row.statx);
    CHECK(test::allows(program, test::number_of("getdents64"), {}) == row.getdents64);
    CHECK_FALSE(test::allows(program, test::number_of("fork"), {}));
    CHECK_FALSE(test::allows(program, test::number_of("socket"), {2, 1}));
  }
}

TEST_CASE("a profile chooses its answers") {
  policy::Seccomp profile = test::strict_profile();
  profile.denied = "EACCES";
  profile.unknown = "EPERM";
  const auto program = generated(profile, {}, test::runc_facts());
  CHECK(test::run_filter(program, AUDIT_ARCH_X86_64, test::number_of("mount"), {}) == answers_errno(EACCES));
  CHECK(test::run_filter(program, AUDIT_ARCH_X86_64, 600, {}) == answers_errno(EPERM));
  CHECK(test::run_filter(program, AUDIT_ARCH_X86_64, test::number_of("clone3"), {}) == answers_errno(ENOSYS));
  CHECK(errno_number("EPERM", 0) == EPERM);
  CHECK(errno_number("NONSENSE", 38) == 38);
}
