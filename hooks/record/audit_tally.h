// Counts what the kernel's audit records tell of one container.
#pragma once

#include <cstdint>
#include <set>
#include <string_view>

#include "record/audit_board.h"

namespace hardened::record {

class Tally {
 public:
  explicit Tally(AuditBoard& board) : board_(board) {}

  // One message of the kernel's: its type (linux/audit.h) and text. Counted are the logged calls of the ids on the
  // board, from `starts` on and unless the low-level runtime itself makes them: until it executes the container's
  // program, or that of an exec, the kernel names its program there. (A program of the image at the very path of the
  // host's runtime is taken for it.)
  void take(unsigned type, std::string_view text);

 private:
  void follow(std::uint64_t serial);
  void take_call(std::string_view text, std::uint64_t time);
  [[nodiscard]] record_phase phase(std::uint64_t time, bool entered);

  AuditBoard& board_;
  std::uint64_t next_ = 0;         // the lowest serial that has not come; 0: no mark has come yet
  std::uint64_t highest_ = 0;      // that has come
  std::set<std::uint64_t> ahead_;  // those that have come before a lower one
};

}  // namespace hardened::record
