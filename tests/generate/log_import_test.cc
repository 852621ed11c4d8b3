#include "generate/log_import.h"

#include "catch.h"
#include "generate/samples.h"

using namespace hardened;
using namespace hardened::testing;
using generate::LogImport;

namespace {

constexpr char own[] = "SCMP_ARCH_X86_64";

std::string fields(const std::string& architecture, const std::string& call,
                   const std::string& exe = "\"/bin/busybox\"") {
  return "auid=700123 uid=0 gid=0 ses=1 pid=8313 comm=\"true\" exe=" + exe + " sig=0 arch=" + architecture +
         " syscall=" + call + " compat=0 ip=0x461189 code=0x7ffc0000";
}

std::string audit_log(const std::string& rest) {
  return "type=SECCOMP msg=audit(1795307323.655:545056): " + rest + "\n";
}

LogImport imported(const std::string& text, const std::vector<std::string>& programs = {}, std::size_t piece = 1000) {
  LogImport import(generate::LogFormat::audit, own, programs);
  for (std::size_t at = 0; at < text.size(); at += piece) import.feed(std::string_view(text).substr(at, piece));
  import.finish();
  return import;
}

LogImport traced(const std::string& text) {
  LogImport import(generate::LogFormat::strace, own, {});
  import.feed(text);
  import.finish();
  return import;
}

std::string calls(const LogImport& import, const char* architecture = own) {
  const auto run = import.run("x");
  const auto found = run.syscalls.find(architecture);
  std::string names;
  if (found == run.syscalls.end()) return names;
  for (const auto& [name, phases] : found->second) names += (names.empty() ? "" : " ") + name;
  return names;
}

std::string calls(const std::string& text) {
  return calls(imported(text));
}

}  // namespace

TEST_CASE("audit: every form of a record is read: auditd's, enriched, kernel log, journal") {
  CHECK(calls(audit_log(fields("c000003e", "231"))) == "exit_group");
  CHECK(calls(audit_log(fields("c000003e", "231") + "\x1d"
                                                    "ARCH=x86_64 SYSCALL=exit_group AUID=\"x\"")) == "exit_group");
  CHECK(calls("node=web " + audit_log(fields("c000003e", "231"))) == "exit_group");
  CHECK(calls("[  12.3] audit: type=1326 audit(1795307323.655:5): " + fields("c000003e", "0") + "\n") == "read");
  CHECK(calls("Mar  1 12:00:00 web kernel: audit: type=1326 audit(1.5:5): " + fields("c000003e", "1")) == "write");
  CHECK(calls("_TRANSPORT=audit\nMESSAGE=SECCOMP " + fields("c000003e", "2") + "\n\n") == "open");
  CHECK(calls("Mar 01 12:00:00 web audit[12]: SECCOMP " + fields("c000003e", "3")) == "close");
}

TEST_CASE("audit: the architecture decides what a number means") {
  const auto import = imported(audit_log(fields("c000003e", "1")) + audit_log(fields("40000003", "1")) +
                               audit_log(fields("c000003e", "1073741825")) + audit_log(fields("12345678", "1")));
  CHECK(calls(import) == "write");
  CHECK(calls(import, "SCMP_ARCH_X86") == "exit");
  CHECK(calls(import, "SCMP_ARCH_X32") == "write");
  CHECK(import.account().foreign == 1);
  CHECK(import.run("x").architecture == own);
  const auto arm = imported(audit_log(fields("c00000b7", "64")));
  CHECK(calls(arm, "SCMP_ARCH_AARCH64") == "write");
  CHECK(arm.run("x").architecture == "SCMP_ARCH_AARCH64");
}

TEST_CASE("audit: programs are matched, also where the kernel wrote them in hexadecimal") {
  const std::string text = audit_log(fields("c000003e", "0", "\"/usr/sbin/nginx\"")) +
                           audit_log(fields("c000003e", "1", "2F6F70742F6D79206E67696E78")) +  // "/opt/my nginx"
                           audit_log(fields("c000003e", "2", "(null)"));
  CHECK(calls(imported(text)) == "open read write");
  CHECK(calls(imported(text, {"*nginx"})) == "read write");
  CHECK(calls(imported(text, {"/opt/my nginx"})) == "write");
  CHECK(imported(text, {"/bin/sh"}).account().unwanted == 3);
}

TEST_CASE("audit: what is skipped is accounted for") {
  const std::string text =
      audit_log(fields("c000003e", "0")) + "type=SYSCALL msg=audit(1.2:3): arch=c000003e syscall=2\n" +
      audit_log("auid=1 arch=c000003e") + audit_log(fields("c000003e", "-1")) + audit_log(fields("c000003e", "4000")) +
      std::string(LogImport::most_line + 1, 'x') + "\n" + audit_log(fields("c000003e", "1"));
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{100000}}) {
    const auto import = imported(text, {}, piece);
    const auto& account = import.account();
    CHECK(calls(import) == "read write");
    CHECK(account.lines == 7);
    CHECK(account.used == 2);
    CHECK(account.other == 1);
    CHECK(account.damaged == 2);
    CHECK(account.foreign == 1);
    CHECK(account.too_long == 1);
  }
}

TEST_CASE("audit: records that the kernel lost make the run incomplete") {
  const auto whole = imported(audit_log(fields("c000003e", "0")));
  CHECK(whole.run("x").complete);
  const auto lossy = imported(audit_log(fields("c000003e", "0")) + "kauditd_printk_skb: 12 callbacks suppressed\n");
  CHECK_FALSE(lossy.run("x").complete);
  CHECK(lossy.run("x").lost.size() == 1);
}

TEST_CASE("audit: the run has the times of its records and an id of what it holds, and makes a profile") {
  const auto import = imported(audit_log(fields("c000003e", "0")) +
                               "type=SECCOMP msg=audit(1795393723.000:9): " + fields("c000003e", "1"));
  const auto run = import.run("nginx:1");
  CHECK(run.started == "2026-11-22T00:28:43Z");
  CHECK(run.ended == "2026-11-23T00:28:43Z");
  CHECK(run.run.size() == 32);
  CHECK(run.run != imported(audit_log(fields("c000003e", "0"))).run("nginx:1").run);
  generate::Logs logs;
  generate::add_run(logs, run);
  logs.digests[""] = "0";
  const auto profile = profile_of(draft_of(*generate::gather(logs, {})));
  REQUIRE(profile);
  CHECK(profile->seccomp.allow.size() == 7);
}

TEST_CASE("strace: the calls of every form of line are read") {
  CHECK(calls(traced("execve(\"/bin/true\", [\"true\"], 0x7ffd /* 9 vars */) = 0\n")) == "execve");
  CHECK(calls(traced("[pid  1234] read(3, \"openat(\", 8) = 8\n")) == "read");
  CHECK(calls(traced("1234  close(3)                = 0")) == "close");
  CHECK(calls(traced("1234  12:34:56.789012 close(3) = 0\n1234  12:34:57 dup(3) = 4")) == "close dup");
  CHECK(calls(traced("1234 1700000000.123456 (+     0.000123) dup(3) = 4")) == "dup");
  CHECK(calls(traced("     0.000123 write(1, \"x\", 1 <unfinished ...>\n")) == "write");
}

TEST_CASE("strace: what tells of no call is accounted for") {
  const auto import = traced(
      "1 <... read resumed>\"\", 1) = 0\n1 --- SIGCHLD {si_signo=SIGCHLD} ---\n1 +++ exited with 0 +++\n"
      "strace: Process 2 attached\n?"
      "?"
      "?"
      "?( <detached ...>\n% time     seconds\n\n1\n[pid 3\n"
      "syscall_0x1ff(0x1) = -1\nopen_the_door(1) = 0\ngetpid() = 1\n");
  CHECK(calls(import) == "getpid");
  CHECK(import.account().lines == 12);
  CHECK(import.account().other == 9);
  CHECK(import.account().foreign == 2);
  CHECK(import.account().used == 1);
  CHECK(import.run("x").complete);
}

TEST_CASE("strace: children that were not followed, and another ABI, make the run incomplete") {
  CHECK_FALSE(traced("clone(child_stack=NULL) = 7\n").run("x").complete);
  CHECK(traced("6 clone(child_stack=NULL) = 7\n7 getpid() = 7\n").run("x").complete);
  CHECK(traced("clone(child_stack=NULL) = 7\n[pid 7] getpid() = 7\n").run("x").complete);
  const auto run = traced("6 execve(\"x\") = 0\n[ Process PID=6 runs in 32 bit mode. ]\n6 getpid() = 6\n").run("x");
  CHECK_FALSE(run.complete);
  CHECK(run.lost.size() == 1);
}
