#include "audit/chain.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "oci/spec.h"
#include "oci/strict_json.h"
#include "util/hash.h"

namespace hardened::audit {
namespace {

bool is_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::uint64_t count_at(const Spec& document, std::string_view pointer) {
  const auto number = document.integer(pointer);
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::optional<Spec> read_object(std::string_view text) {
  auto parsed = oci::parse_strict(text, "", {.max_bytes = std::size_t{64} << 20});
  if (!parsed || !parsed->value.is_object()) return std::nullopt;
  return Spec(std::move(parsed->value));
}

Result<std::string> read_range(int fd, std::uint64_t from, std::size_t count) {
  std::string text(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = ::pread(fd, text.data() + done, count - done, static_cast<off_t>(from + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("cannot read the audit log", errno);
    if (got == 0) return fail(Code::io, "cannot read the audit log: it shrank while it was read");
    done += static_cast<std::size_t>(got);
  }
  return text;
}

// Looks for the last whole record among the lines of `text` that begin in it. `text` begins at a line when `whole`.
std::optional<Tail> last_record(std::string_view text, bool whole) {
  Tail tail;
  tail.newline = text.empty() || text.back() == '\n';
  if (tail.newline && !text.empty()) text.remove_suffix(1);
  for (std::string_view rest = text;;) {
    const std::size_t before = rest.rfind('\n');
    if (before == std::string_view::npos && !whole) return std::nullopt;
    const std::string_view line = before == std::string_view::npos ? rest : rest.substr(before + 1);
    if (const auto record = parse_line(line)) {
      tail.last = Link{record->seq, sha256_hex(line)};
      const auto end = static_cast<std::size_t>(line.data() + line.size() - text.data());
      tail.torn = end < text.size() ? text.substr(end + 1) : "";
      return tail;
    }
    if (before == std::string_view::npos) break;
    rest = rest.substr(0, before);
  }
  tail.torn = text;
  return tail;
}

}  // namespace

std::string head_path(const std::string& log_path) {
  const std::size_t dot = log_path.rfind('.');
  const std::size_t slash = log_path.rfind('/');
  const bool has_suffix = dot != std::string::npos && (slash == std::string::npos || dot > slash + 1);
  return log_path.substr(0, has_suffix ? dot : std::string::npos) + ".head";
}

std::string format_head(const Head& head) {
  const Json document = {{"seq", head.last.seq}, {"hash", head.last.hash}, {"size", head.size}};
  std::string text = document.dump();
  text.resize(head_size - 1, ' ');
  return text + '\n';
}

std::optional<Head> parse_head(std::string_view text) {
  if (text.size() != head_size) return std::nullopt;
  const auto document = read_object(text);
  if (!document) return std::nullopt;
  Head head{{count_at(*document, "/seq"), document->text("/hash").value_or("")}, count_at(*document, "/size")};
  if (!document->integer("/seq") || !document->integer("/size") || !is_digest(head.last.hash)) return std::nullopt;
  return head;
}

std::optional<Line> parse_line(std::string_view text) {
  if (!text.starts_with('{') || !text.ends_with('}')) return std::nullopt;
  const auto document = read_object(text);
  if (!document) return std::nullopt;
  Line line;
  line.seq = count_at(*document, "/seq");
  line.prev = document->text("/prev").value_or("");
  line.torn = document->text("/torn").value_or("");
  line.continues = document->is_true("/continues");
  line.restart = document->is_true("/restart");
  line.lost = count_at(*document, "/lost");
  if (line.seq == 0 || !is_digest(line.prev) || !document->text("/verdict")) return std::nullopt;
  return line;
}

Result<Tail> read_tail(int fd, std::uint64_t size) {
  constexpr std::uint64_t most = std::uint64_t{64} << 20;
  for (std::uint64_t count = 16384;; count *= 8) {
    const std::uint64_t taken = std::min(count, size);
    TRY(text, read_range(fd, size - taken, static_cast<std::size_t>(taken)));
    if (const auto tail = last_record(text, taken == size)) return *tail;
    if (taken >= most)
      return fail(Code::io, "cannot continue the audit log: its last 64 MiB hold no record",
                  "move it away, a new one will be begun");
  }
}

}  // namespace hardened::audit
