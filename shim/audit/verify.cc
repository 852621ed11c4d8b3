#include "audit/verify.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "audit/lines.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"
#include "util/lock.h"

namespace hardened::audit {
namespace {

class Walker {
 public:
  VerifyReport report;

  Status walk(const std::string& path) {
    TRY(fd, open_trusted_file(AT_FDCWD, path, O_RDONLY));
    return walk(fd, path, UINT64_MAX);
  }

  // Its first `size` bytes.
  Status walk(const Fd& fd, const std::string& path, std::uint64_t size) {
    Lines lines(fd.get(), path, size);
    report.file = path;
    fragment_.reset();
    for (;;) {
      TRY(line, lines.next());
      if (!line || !report.intact()) break;
      report.line = lines.number();
      if (const auto record = parse_line(*line)) {
        TRY_DO(check(*record, lines));
        accept(*record, *line);
      } else if (fragment_) {
        *fragment_ += "\n" + *line;
      } else {
        fragment_ = *line;
      }
    }
    if (report.intact() && has_fragment()) ++report.torn;
    return {};
  }

  // After the last file: is its end the end that was written?
  void check_head(const std::optional<Head>& head) {
    if (!report.intact()) return;
    const Link& last = report.last;
    if (!head) {
      if (last.seq != 0)
        flaw(Flaw::head, "the head file is missing or unreadable: records may have been cut off the end");
    } else if (head->last.seq > last.seq) {
      flaw(has_fragment() ? Flaw::altered : Flaw::truncated,
           fmt::format("the log ends with record {}, but {} were written", last.seq, head->last.seq));
    } else if (head->last.seq == last.seq && head->last.hash != last.hash) {
      flaw(Flaw::altered, fmt::format("record {} is not what was written", last.seq));
    } else if (head->last.seq + 1 == last.seq && head->last.hash != before_last_) {
      flaw(Flaw::altered, fmt::format("record {} is not what was written", last.seq));
    } else if (head->last.seq + 1 < last.seq) {
      flaw(Flaw::head, fmt::format("the head file is at record {} and the log at {}", head->last.seq, last.seq));
    }
  }

 private:
  [[nodiscard]] bool has_fragment() const { return fragment_ && !fragment_->empty(); }

  void flaw(Flaw what, std::string message) {
    report.flaw = what;
    report.message = std::move(message);
  }

  Status check(const Line& record, Lines& lines) {
    const std::string torn = has_fragment() ? sha256_hex(*fragment_) : "";
    const std::uint64_t expected = report.last.seq + 1;
    if (report.records == 0 && record.continues) return {};
    if (record.torn != torn) {
      flaw(Flaw::altered, fmt::format("what stands before record {} is not what was written", record.seq));
      return {};
    }
    if (record.seq != expected) return tell_missing_from_moved(record, expected, lines);
    if (record.prev != report.last.hash)
      flaw(Flaw::altered, fmt::format("record {}, or the link to it, is not what was written", report.last.seq));
    return {};
  }

  Status tell_missing_from_moved(const Line& record, std::uint64_t expected, Lines& lines) {
    bool moved = record.seq < expected;
    while (!moved) {
      TRY(line, lines.next());
      if (!line) break;
      const auto later = parse_line(*line);
      moved = later && later->seq == expected;
    }
    flaw(moved ? Flaw::reordered : Flaw::removed,
         fmt::format("record {} stands where record {} was written", record.seq, expected));
    return {};
  }

  void accept(const Line& record, const std::string& text) {
    if (!report.intact()) return;
    if (report.records++ == 0) report.first_seq = record.seq;
    before_last_ = record.prev;
    report.last = {record.seq, sha256_hex(text)};
    report.torn += has_fragment() ? 1 : 0;
    report.restarts += record.restart ? 1 : 0;
    report.lost += record.lost;
    fragment_.reset();
  }

  std::optional<std::string> fragment_;  // the lines since the last record that are none
  std::string before_last_;
};

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

// The log as it was at one moment between two writes.
struct End {
  std::optional<Head> head;
  Fd log;                  // not valid where there is none
  std::uint64_t size = 0;  // bytes
};

// Under the writers' lock, which is given back at once: each of them is a container that waits to start.
Result<End> take_end(const std::string& log_path) {
  const std::string head_name = head_path(log_path);
  const bool has_head = exists(head_name);
  End end;
  Fd lock;
  if (has_head) {
    TRY(file, open_trusted_file(AT_FDCWD, head_name, O_RDONLY));
    TRY_DO(lock_within(file.get(), Lock::shared, lock_patience, head_name));
    TRY(text, read_some(file.get(), head_size, head_name));
    end.head = parse_head(text);
    lock = std::move(file);
  }
  // With a head, an absent log is what was written and is gone; without one there is nothing to verify.
  if (has_head && !exists(log_path)) return end;
  TRY(log, open_trusted_file(AT_FDCWD, log_path, O_RDONLY));
  struct stat status {};
  if (::fstat(log.get(), &status) != 0) return fail_errno("cannot stat " + log_path, errno);
  end.log = std::move(log);
  end.size = static_cast<std::uint64_t>(status.st_size);
  return end;
}

}  // namespace

Result<VerifyReport> verify(const std::string& log_path, const std::vector<std::string>& older) {
  TRY(end, take_end(log_path));
  Walker walker;
  for (const std::string& path : older) {
    if (walker.report.intact()) TRY_DO(walker.walk(path));
  }
  if (walker.report.intact() && end.log.valid()) TRY_DO(walker.walk(end.log, log_path, end.size));
  walker.check_head(end.head);
  return walker.report;
}

}  // namespace hardened::audit
