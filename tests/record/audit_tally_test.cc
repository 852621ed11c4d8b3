#include "record/audit_tally.h"

#include <fmt/format.h>
#include <linux/audit.h>

#include <cstring>

#include "catch.h"
#include "runtime/entered_login.h"

using namespace hardened;
using record::AuditBoard;

namespace {

constexpr char runtime[] = "/memfd:runc_cloned:/proc/self/exe (deleted)";
constexpr char runtime_in_a_record[] =
    "2F6D656D66643A72756E635F636C6F6E65643A2F70726F632F73656C662F657865202864656C6574656429";
constexpr unsigned first_id = 231072;
constexpr std::uint64_t began = 1795307323'000;

struct Spoken {
  std::uint64_t time = began, serial = 1;
  unsigned user = first_id + 33;
  std::string program = "\"/bin/app\"";
  unsigned call = 39, login = 4294967295;
  const char* architecture = "c000003e";
  const char* action = "0x7ffc0000";
  int process = 77;
};

struct Listener {
  AuditBoard board;
  record::Tally tally{board};

  Listener() {
    board.first_id = first_id;
    board.ids = 65536;
    std::strcpy(board.runtime, runtime);
    board.starts = true;
  }
  void hear(const Spoken& spoken, unsigned type = AUDIT_SECCOMP) {
    tally.take(type,
               fmt::format("audit({}.{:03}:{}): auid={} uid={} gid=0 ses=1 pid={} comm=\"x\" exe={} sig=0 arch={} "
                           "syscall={} compat=0 ip=0x461189 code={}",
                           spoken.time / 1000, spoken.time % 1000, spoken.serial, spoken.login, spoken.user,
                           spoken.process, spoken.program, spoken.architecture, spoken.call, spoken.action));
  }
  void mark(std::uint64_t serial, int process = 5) {
    board.mark = process;
    Spoken spoken;
    spoken.serial = serial;
    spoken.user = 0;
    spoken.process = process;
    hear(spoken);
  }
  // "PHASE:ABI:NUMBER" of each call that counts.
  [[nodiscard]] std::string counted() const {
    std::string text;
    for (int phase = 0; phase < record_phases; ++phase) {
      for (int abi = 0; abi < record_abis; ++abi) {
        for (int number = 0; number < record_numbers; ++number) {
          if (board.calls[phase][abi].seen[number] != 0) text += fmt::format("{}:{}:{} ", phase, abi, number);
        }
      }
    }
    return text;
  }
};

}  // namespace

TEST_CASE("tally: a logged call of the container's ids counts, another's does not") {
  Listener listener;
  for (const unsigned user : {0U, first_id - 1, first_id + 65536, 4294967295U}) listener.hear({.user = user});
  CHECK(listener.counted().empty());
  listener.hear({.user = first_id, .call = 1});
  listener.hear({.user = first_id + 65535, .call = 2});
  CHECK(listener.counted() == "0:0:1 0:0:2 ");
}

TEST_CASE("tally: the runtime's own calls do not count, under whichever name the kernel writes its program") {
  Listener listener;
  listener.hear({.program = runtime_in_a_record});
  CHECK(listener.counted().empty());
  std::strcpy(listener.board.runtime, "/usr/bin/crun");
  listener.hear({.program = "\"/usr/bin/crun\""});
  CHECK(listener.counted().empty());
  listener.hear({.program = runtime_in_a_record});
  CHECK(listener.counted() == "0:0:39 ");
}

TEST_CASE("tally: before the start all calls are the runtime's") {
  Listener listener;
  listener.board.starts = false;
  listener.hear({});
  CHECK(listener.counted().empty());
}

TEST_CASE("tally: only what a filter logs counts, not what it denies, and no other kind of record") {
  Listener listener;
  for (const char* action : {"0x50000", "0x30000", "0x80000000", "0x0", "0x7fff0000", "", "x"})
    listener.hear({.action = action});
  listener.hear({}, AUDIT_SYSCALL);
  CHECK(listener.counted().empty());
}

TEST_CASE("tally: each ABI has its numbers") {
  Listener listener;
  listener.hear({.call = 20, .architecture = "40000003"});
  listener.hear({.call = 0x40000000 + 520});
  listener.hear({.call = 1, .architecture = "c00000b7"});
  listener.hear({.call = record_numbers});
  CHECK(listener.counted() == "0:1:20 0:2:520 ");
}

TEST_CASE("tally: the phases are told by the time and by who was brought in") {
  Listener listener;
  listener.hear({.time = began, .call = 1});
  listener.hear({.time = began + 999, .call = 2});
  listener.hear({.time = began + 1000, .call = 3});
  listener.hear({.time = began + 1001, .call = 4, .login = runtime::entered_login});
  listener.board.stopping = began + 5000;
  listener.hear({.time = began + 4999, .call = 5});
  listener.hear({.time = began + 5000, .call = 6});
  listener.hear({.time = began + 5000, .call = 7, .login = runtime::entered_login});
  CHECK(listener.counted() == "0:0:1 0:0:2 1:0:3 1:0:5 2:0:6 3:0:4 3:0:7 ");
}

TEST_CASE("tally: what is missing between two marks is known, in whatever order the others come") {
  Listener listener;
  listener.hear({.serial = 2});  // nobody knows what was before the first mark
  listener.mark(10);
  CHECK(listener.board.marked == 5);
  for (const std::uint64_t serial : {12U, 11U, 11U, 14U, 9U}) listener.hear({.serial = serial});
  CHECK(listener.board.missing == 1);
  listener.hear({.serial = 13}, AUDIT_SYSCALL);
  listener.mark(15, 6);
  CHECK(listener.board.marked == 6);
  CHECK(listener.board.missing == 0);
  listener.mark(100, 7);
  CHECK(listener.board.missing == 84);
}

TEST_CASE("tally: a gap too large to be remembered is still one") {
  Listener listener;
  listener.mark(1);
  for (std::uint64_t serial = 3; serial < 70'000; ++serial) listener.hear({.serial = serial});
  CHECK(listener.board.missing > 0);
  listener.hear({.serial = 2});
  CHECK(listener.board.missing > 0);
}

TEST_CASE("tally: what is no record is passed over") {
  Listener listener;
  for (const char* text : {"", "audit(", "audit(1.1:1)", "audit(1.1:1): uid= pid= arch= syscall= code="})
    listener.tally.take(AUDIT_SECCOMP, text);
  CHECK(listener.counted().empty());
}
