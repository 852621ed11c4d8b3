// Has anybody been at the audit log? Walks the chain from the first record to the head.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "audit/chain.h"
#include "util/result.h"

namespace hardened::audit {

enum class Flaw {
  none,
  altered,    // a record, or a torn fragment between records, is not what was written
  removed,    // records are missing before one that is there
  reordered,  // the record stands elsewhere in the file
  truncated,  // records are missing at the end
  head,       // the head file is missing, unreadable or older than the log: the end cannot be vouched for
};

struct VerifyReport {
  std::uint64_t records = 0;
  std::uint64_t first_seq = 0;  // above 1: earlier records were rotated away
  Link last;
  std::uint64_t torn = 0;      // fragments of writes cut off by a power loss or a kill: not a flaw
  std::uint64_t restarts = 0;  // records written when the head file was missing: what came before may have been cut
  std::uint64_t lost = 0;      // decisions that could not be logged, as later records tell
  Flaw flaw = Flaw::none;
  std::string file;      // of the flaw
  std::size_t line = 0;  // of the flaw, counted from 1
  std::string message;   // what is wrong, in one clause

  [[nodiscard]] bool intact() const { return flaw == Flaw::none; }
};

// Walks `older` (rotated files, oldest first) and then the log itself, up to the first flaw, as it stands between
// two writes. Without `older`, a log may begin with a record that says it continues a rotated one. What nobody can find
// by this: a chain rewritten from some record to the end together with its head. Ship the log off the host (syslog)
// where root is not trusted. Errors (Code::io, Code::policy): a file cannot be read, or there is neither log nor head.
[[nodiscard]] Result<VerifyReport> verify(const std::string& log_path, const std::vector<std::string>& older = {});

}  // namespace hardened::audit
