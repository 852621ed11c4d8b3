// The hash chain of the audit log: how one line points at the one before, and the head file that points at the last.
//
// Each record carries "seq", counted from 1, and "prev", the SHA-256 of the record line before it without its newline.
// Cutting the end off a log breaks no link, so the head file beside it tells what was written last. Bytes that are no
// record (a write torn by a power loss or a kill) stay as they are: the next record carries their digest in "torn".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"

namespace hardened::audit {

struct Link {
  std::uint64_t seq = 0;  // 0: before the first record
  std::string hash = std::string(64, '0');
  bool operator==(const Link&) const = default;
};

struct Head {
  Link last;
  std::uint64_t size = 0;  // of the log in bytes, when it was written
};

// The chain's part of a log line.
struct Line {
  std::uint64_t seq = 0;
  std::string prev;
  std::string torn;        // digest of what stands between the record before and this one; empty: nothing
  bool continues = false;  // the first in its file: the records before it were rotated away
  bool restart = false;    // the head file was missing: records before this one may have been removed
  std::uint64_t lost = 0;  // decisions that could not be logged before this one
};

// "/var/log/hardened/audit.head" for "/var/log/hardened/audit.jsonl".
[[nodiscard]] std::string head_path(const std::string& log_path);

// A head is always of the same size, and so replaced in place by one write inside one sector.
inline constexpr std::size_t head_size = 160;
[[nodiscard]] std::string format_head(const Head& head);
[[nodiscard]] std::optional<Head> parse_head(std::string_view text);

// Nothing when `text` (without newline) is not a whole record.
[[nodiscard]] std::optional<Line> parse_line(std::string_view text);

// What stands at the end of a log.
struct Tail {
  std::optional<Link> last;  // the last whole record
  std::string torn;          // the bytes after it, without a final newline
  bool newline = true;       // does the file end in one (or is it empty)?
};

// Reads the end of the log `fd` of `size` bytes backwards until it meets a whole record. Errors: Code::io, also when
// the last 64 MiB hold none.
[[nodiscard]] Result<Tail> read_tail(int fd, std::uint64_t size);

}  // namespace hardened::audit
