#include "generate/propose.h"

#include "catch.h"
#include "controls/seccomp_generate.h"
#include "controls/seccomp_groups.h"
#include "controls/seccomp_runtime_needs.h"
#include "generate/samples.h"
#include "generate/siblings.h"
#include "generate/system_calls.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

constexpr char own[] = "SCMP_ARCH_X86_64";
using Names = std::set<std::string>;

Profile profile_of_run(const Json& run, bool siblings = false) {
  const auto profile = profile_of(draft_of(evidence_of({run}), siblings));
  INFO((profile ? "" : profile.error().message));
  REQUIRE(profile);
  return *profile;
}

// What the filter that the kernel would get lets through, without what the runtime asks for.
Names allowed_by_filter(const Profile& profile) {
  Facts facts;
  facts.architecture = "x86_64";
  facts.kernel_major = 6;
  facts.runtime.kind = host::RuntimeKind::crun;
  facts.runtime.major = 1;
  const controls::Capabilities held(profile.capabilities.begin(), profile.capabilities.end());
  Names allowed;
  for (const auto& call : controls::generate_filter(profile.seccomp, held, facts).calls) {
    if (!call.rule->allow.empty()) allowed.insert(call.name);
  }
  for (const std::string_view call : controls::runtime_needs(facts.runtime)) {
    const auto& list = profile.seccomp.allow;
    if (std::find(list.begin(), list.end(), call) == list.end()) allowed.erase(std::string(call));
  }
  return allowed;
}

Json with_calls(const Json& calls) {
  Json run = sample_run();
  run["syscalls"][own] = calls;
  return run;
}

bool warns(const Json& run, const std::string& of) {
  for (const std::string& warning : draft_of(evidence_of({run})).warnings) {
    if (warning.find(of) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("propose: the filter allows exactly what was trained and what no program runs without") {
  const Names expected = {"accept4", "brk",  "close",           "epoll_wait",   "execve", "exit",   "exit_group",
                          "openat",  "read", "restart_syscall", "rt_sigreturn", "setuid", "socket", "write"};
  const Profile profile = profile_of_run(sample_run());
  CHECK(Names(profile.seccomp.allow.begin(), profile.seccomp.allow.end()) == expected);
  CHECK(std::is_sorted(profile.seccomp.allow.begin(), profile.seccomp.allow.end()));
  CHECK(allowed_by_filter(profile) == expected);
  CHECK(generate::allowed_by(profile, own) == expected);
  CHECK(profile.seccomp.denied == "EPERM");
  CHECK(profile.seccomp.unknown == "ENOSYS");
}

TEST_CASE("propose: what strict denies and was trained is no longer denied, and the rest of its group still is") {
  const Profile profile = profile_of_run(with_calls(Json::parse(R"({"name_to_handle_at": ["start"], "keyctl": []})")));
  CHECK(allowed_by_filter(profile).contains("name_to_handle_at"));
  CHECK(allowed_by_filter(profile).contains("keyctl"));
  const auto& deny = profile.seccomp.deny;
  const auto denies = [&deny](const char* name) { return std::find(deny.begin(), deny.end(), name) != deny.end(); };
  CHECK_FALSE(denies("@handle"));
  CHECK(denies("open_by_handle_at"));
  CHECK(denies("add_key"));
  CHECK(denies("@mount"));
}

TEST_CASE("propose: of a group that is taken apart only calls with a name here are denied") {
  for (const controls::SyscallGroup& group : controls::syscall_groups()) {
    for (const std::string_view call : group.calls) {
      INFO(call);
      const auto profile = profile_of(draft_of(evidence_of({with_calls({{std::string(call), {"start"}}})})));
      CHECK(profile);
    }
  }
}

TEST_CASE("propose: a call that a capability locks is warned of") {
  CHECK(warns(with_calls({{"unshare", {"start"}}}), "unshare was called, and stays denied: it needs CAP_SYS_ADMIN"));
  CHECK_FALSE(warns(sample_run(), "stays denied"));
}

TEST_CASE("propose: clone3 brings the clone that C libraries fall back to") {
  const auto allowed = allowed_by_filter(profile_of_run(with_calls({{"clone3", {"start"}}})));
  CHECK(allowed.contains("clone"));
  CHECK_FALSE(allowed.contains("clone3"));
}

TEST_CASE("propose: calls without a name are looked up, or warned of") {
  const Json run = with_calls({{"0", {"start"}}, {"99999", {"start"}}, {"no_such_call", {"start"}}});
  CHECK(allowed_by_filter(profile_of_run(run)).contains("read"));
  CHECK(warns(run, "the call \"99999\" has no name"));
  CHECK(warns(run, "the call \"no_such_call\" has no name"));
}

TEST_CASE("propose: 32-bit calls open the 32-bit interface with their names, another architecture is warned of") {
  Json run = sample_run();
  CHECK_FALSE(profile_of_run(run).seccomp.compat_architectures);
  run["syscalls"]["SCMP_ARCH_X86"] = {{"mmap2", {"exec"}}};
  run["syscalls"]["SCMP_ARCH_X32"] = {{"read", {"exec"}}};
  const Profile profile = profile_of_run(run);
  CHECK(profile.seccomp.compat_architectures);
  CHECK(allowed_by_filter(profile).contains("mmap2"));
  CHECK(allowed_by_filter(profile).contains("sigreturn"));
  CHECK(warns(run, "a call of SCMP_ARCH_X32 cannot be allowed"));
  CHECK(profile.seccomp.socket_families == strict().seccomp.socket_families);  // socketcall(2) hides them
  CHECK(warns(run, "families of sockets are not known"));
}

TEST_CASE("propose: socket families are those that were asked for; unknown ones are the base's") {
  using Families = std::vector<std::string>;
  CHECK(profile_of_run(sample_run()).seccomp.socket_families == Families{"AF_INET", "AF_INET6"});
  Json run = sample_run();
  run["arguments"] = Json::parse(R"([{"syscall": "socket", "index": 0, "any": true}])");
  CHECK(profile_of_run(run).seccomp.socket_families == strict().seccomp.socket_families);
  run.erase("arguments");
  CHECK(profile_of_run(run).seccomp.socket_families == strict().seccomp.socket_families);
  CHECK(warns(run, "families of sockets are not known"));
  CHECK(profile_of_run(with_calls({{"read", {"start"}}})).seccomp.socket_families == Families{"AF_INET", "AF_INET6"});
  run = with_calls({{"read", {"start"}}});
  run.erase("arguments");
  CHECK(profile_of_run(run).seccomp.socket_families.empty());
  run["arguments"] = Json::parse(R"([{"syscall": "socket", "index": 0, "values": [1, 77]}])");
  CHECK(profile_of_run(run).seccomp.socket_families == Families{"AF_UNIX"});
  CHECK(warns(run, "sockets of family 77 cannot be allowed"));
}

TEST_CASE("propose: capabilities are those that were granted and may be") {
  Json run = sample_run();
  run["capabilities"].push_back(
      {{"capability", "CAP_SYS_ADMIN"}, {"syscall", "mount"}, {"granted", true}, {"count", 1}});
  CHECK(profile_of_run(run).capabilities == std::vector<std::string>{"CAP_SETUID"});
  run["capabilities"].push_back({{"capability", "CAP_OF_TOMORROW"}, {"syscall", "x"}, {"granted", true}, {"count", 1}});
  CHECK(profile_of_run(run).capabilities == std::vector<std::string>{"CAP_SETUID"});
  CHECK(warns(run, "\"CAP_OF_TOMORROW\" is no capability of this machine"));
  CHECK(warns(run, "CAP_SYS_ADMIN was used, and no profile may grant it"));
  CHECK(warns(run, "CAP_CHOWN was wanted by \"chown\" and refused"));
  CHECK_FALSE(warns(run, "are not known"));
  const std::string text = generate::rendered(draft_of(evidence_of({run})));
  CHECK(text.find("\"CAP_SETUID\"  // used by \"setuid\" 2") != std::string::npos);
}

TEST_CASE("propose: of a run that does not tell its capabilities none is granted, and that is said") {
  Json run = sample_run();
  run.erase("capabilities");
  CHECK(profile_of_run(run).capabilities.empty());
  CHECK(warns(run, "the capabilities that were used are not known: none is granted"));
}

TEST_CASE("propose: limits are twice the peak with a floor, and no maximum is below them") {
  const Profile profile = profile_of_run(sample_run());
  CHECK(profile.limits.memory.fallback == std::uint64_t{96} << 20);
  CHECK(profile.limits.memory.max == strict().limits.memory.max);
  CHECK(profile.limits.pids.fallback == 32);
  Json run = sample_run();
  run["peaks"] = {{"memory", std::uint64_t{6} << 30}, {"pids", UINT64_MAX}};
  run["writes"][0]["bytes"] = std::uint64_t{1} << 30;
  const Profile large = profile_of_run(run);
  CHECK(large.limits.memory.fallback == std::uint64_t{14} << 30);
  CHECK(large.limits.memory.max == large.limits.memory.fallback);
  CHECK(large.limits.pids.max == std::uint64_t{1} << 30);
  CHECK(large.limits.tmpfs.max == std::uint64_t{2} << 30);
  run.erase("peaks");
  CHECK(profile_of_run(run).limits.memory == strict().limits.memory);
}

TEST_CASE("propose: phases that no run saw are warned of") {
  Json run = sample_run();
  CHECK_FALSE(warns(run, "by a signal"));
  run["phases"] = {"start"};
  CHECK(warns(run, "by a signal"));
  CHECK(warns(run, "by exec"));
  CHECK(warns(run, "beyond its first second"));
}

TEST_CASE("propose: runs of several images that were called the same are warned of") {
  Json second = sample_run(second_run, "2026-04-01T12:00:00.000Z");
  const auto warned = [&second] {
    const auto warnings = draft_of(evidence_of({sample_run(), second})).warnings;
    return std::count(warnings.begin(), warnings.end(), R"(the runs are of 2 images that were called "nginx:1.25")");
  };
  CHECK(warned() == 0);
  second["image_digest"] = "sha256:" + std::string(64, 'b');
  CHECK(warned() == 1);
}

TEST_CASE("propose: of a call that not every run made it is told when it was seen") {
  Json second = sample_run(second_run, "2026-04-01T12:00:00.000Z");
  second["syscalls"]["SCMP_ARCH_X86_64"]["rename"] = {"stop"};
  const std::string text = generate::rendered(draft_of(evidence_of({sample_run(), second})));
  CHECK(text.find("\"rename\",  // 1 of 2 runs: stop; first 2026-04-01, last 2026-04-01") != std::string::npos);
  CHECK(text.find("\"openat\",  // 2 of 2 runs: start\n") != std::string::npos);
}

TEST_CASE("propose: one input has one output, whatever the order") {
  const Json second = sample_run(second_run, "2026-04-01T12:00:00.000Z");
  CHECK(generate::rendered(draft_of(evidence_of({sample_run(), second}))) !=
        generate::rendered(draft_of(evidence_of({sample_run()}))));
  generate::Logs one, other;
  generate::add_log(one, "a", as_line(sample_run()));
  generate::add_log(one, "b", as_line(second));
  generate::add_log(other, "b", as_line(second));
  generate::add_log(other, "a", as_line(sample_run()));
  CHECK(generate::rendered(draft_of(*generate::gather(one, {}))) ==
        generate::rendered(draft_of(*generate::gather(other, {}))));
}

TEST_CASE("siblings: those that this machine has are added, and counted") {
  const auto draft = draft_of(evidence_of({sample_run()}), true);
  const auto allowed = allowed_by_filter(profile_of_run(sample_run(), true));
  CHECK(allowed.contains("open"));
  CHECK(allowed.contains("epoll_pwait2"));
  CHECK_FALSE(allowed.contains("_newselect"));
  CHECK(draft.siblings + 14 == allowed.size());
}

TEST_CASE("siblings: each family is sorted, no call is in two, and every name is a call") {
  Names all;
  for (const auto& family : generate::sibling_families()) {
    CHECK(std::is_sorted(family.begin(), family.end()));
    for (const std::string_view name : family) {
      INFO(name);
      CHECK(all.insert(std::string(name)).second);
      CHECK(runtime::known_names().is_syscall(name));
    }
  }
  CHECK(generate::siblings_of({"dup2"}) == std::map<std::string, std::string>{{"dup3", "dup2"}});
}
