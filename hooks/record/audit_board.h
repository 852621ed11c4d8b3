// Where the listener of one run (audit_listener.h) writes what it hears, and the steps of the container's life tell it
// what they know: a file that both map, so that what was heard is there whatever becomes of the listener.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "record/layout.h"
#include "util/result.h"

namespace hardened::record {

struct AuditBoard {
  // Of the steps.
  std::uint32_t first_id = 0, ids = 0;     // the host's user ids that are the container's alone
  std::uint64_t buffer = 0;                // bytes of records that may wait for the listener
  std::uint64_t kernel_lost = 0;           // records the kernel had given up before
  std::atomic<std::uint64_t> stopping{0};  // milliseconds since 1970, of the kernel's coarse clock; 0: not yet
  std::atomic<std::int32_t> mark{0};       // the process whose record is waited for
  std::atomic<bool> starts{false};         // `runtime` is known
  char runtime[4096] = {};                 // the low-level runtime's program, as the kernel names it
  // Of the listener.
  std::atomic<std::int32_t> marked{0};     // the last `mark` that was heard
  std::atomic<std::uint64_t> overruns{0};  // how often the buffer was full
  std::atomic<std::uint64_t> missing{0};   // records between the first and the last mark that did not come
  std::uint64_t first_program = 0;         // milliseconds since 1970
  record_calls calls[record_phases][record_abis] = {};
};

// Unmapped with the last of them.
using SharedBoard = std::shared_ptr<AuditBoard>;

// Makes the file `path`, root only. Errors: Code::io.
[[nodiscard]] Result<SharedBoard> make_board(const std::string& path);
// Errors: Code::io; there is none, or one of another version of this program.
[[nodiscard]] Result<SharedBoard> open_board(const std::string& path);

}  // namespace hardened::record
