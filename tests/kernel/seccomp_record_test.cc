#include "kernel/seccomp_record.h"

#include "catch.h"

using namespace hardened;
using kernel::record_architecture;
using kernel::record_number;
using kernel::record_stamp;
using kernel::record_text;

namespace {

constexpr char example[] =
    "audit(1795307323.655:545056): auid=700123 uid=231072 gid=0 ses=1 subj=x pid=8313 comm=\"true\" "
    "exe=\"/bin/busybox\" "
    "sig=0 arch=c000003e syscall=231 compat=0 ip=0x461189 code=0x7ffc0000";

}  // namespace

TEST_CASE("seccomp record: the fields, as the kernel writes them") {
  const auto record = kernel::seccomp_record(example);
  CHECK(record.architecture == "c000003e");
  CHECK(record.call == "231");
  CHECK(record.program == "\"/bin/busybox\"");
  CHECK(record.user == "231072");
  CHECK(record.login == "700123");
  CHECK(record.process == "8313");
  CHECK(record.action == "0x7ffc0000");
}

TEST_CASE("seccomp record: what auditd adds in its enriched format is no field") {
  const auto record = kernel::seccomp_record(
      "uid=5 syscall=1\x1d"
      "SYSCALL=write uid=6");
  CHECK(record.user == "5");
  CHECK(record.program.empty());
}

TEST_CASE("seccomp record: text is quoted or hexadecimal") {
  CHECK(record_text("\"/bin/x\"") == "/bin/x");
  CHECK(record_text("2F612062") == "/a b");
  CHECK(record_text("(null)") == "(null)");
  CHECK(record_text("2F6") == "2F6");
  CHECK(record_text("\"") == "\"");
  CHECK(record_text("").empty());
}

TEST_CASE("seccomp record: numbers are whole or none") {
  CHECK(record_number("231", 10) == 231U);
  CHECK(record_number("c000003e", 16) == 0xc000003eU);
  for (const char* text : {"", "12x", "-1", " 1", "99999999999999999999"}) CHECK_FALSE(record_number(text, 10));
}

TEST_CASE("seccomp record: x32 is an architecture of its own") {
  CHECK(record_architecture(0xc000003e, 1) == "SCMP_ARCH_X86_64");
  CHECK(record_architecture(0xc000003e, kernel::x32_bit + 1) == "SCMP_ARCH_X32");
  CHECK(record_architecture(0x40000003, 1) == "SCMP_ARCH_X86");
  CHECK(record_architecture(1, 1).empty());
}

TEST_CASE("seccomp record: when it was, and which in order") {
  const auto stamp = record_stamp(example);
  REQUIRE(stamp);
  CHECK(stamp->seconds == 1795307323);
  CHECK(stamp->milliseconds == 655);
  CHECK(stamp->serial == 545056);
  for (const char* text : {"", "audit(", "audit(1.2:3", "audit(1:3)", "audit(1.x:3)", "audit(1.2:)"})
    CHECK_FALSE(record_stamp(text));
}

TEST_CASE("seccomp record: of what is logged, only SECCOMP_RET_LOG allowed the call") {
  CHECK(kernel::is_allowed(kernel::seccomp_record(example)));
  for (const char* action : {"", "code=", "code=0x", "code=0x50000", "code=0x0", "code=0x7fff0000", "code=7ffc0000"})
    CHECK_FALSE(kernel::is_allowed(kernel::seccomp_record(action)));
}
