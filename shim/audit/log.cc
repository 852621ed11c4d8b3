#include "audit/log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "audit/chain.h"
#include "audit/loss.h"
#include "audit/syslog.h"
#include "util/clock.h"
#include "util/fd.h"
#include "util/file.h"
#include "util/hash.h"

namespace hardened::audit {
namespace {

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}
std::string name_of(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

Result<Fd> open_directory(const std::string& path) {
  if (auto directory = open_trusted_directory(AT_FDCWD, path)) return directory;
  TRY_DO(make_directories(path, 0750));
  return open_trusted_directory(AT_FDCWD, path);
}

// The head file is also the lock: unlike the log it is not moved away by a rotation, and unlike their directory only
// root can open it, so nobody else can hold it.
Result<Fd> lock_head(int directory, const std::string& name, std::chrono::milliseconds patience) {
  for (int attempt = 0; attempt < 5; ++attempt) {
    TRY(file, open_trusted_file(directory, name, O_RDWR | O_CREAT));
    TRY_DO(lock_within(file.get(), Lock::exclusive, patience, name));
    struct stat locked {};
    struct stat standing {};
    if (::fstat(file.get(), &locked) != 0) return fail_errno("cannot stat " + name, errno);
    const bool there = ::fstatat(directory, name.c_str(), &standing, AT_SYMLINK_NOFOLLOW) == 0;
    if (there && locked.st_ino == standing.st_ino && locked.st_dev == standing.st_dev) return file;
  }
  return fail(Code::io, "cannot lock " + name + ": it is removed again and again");
}

// Where the next record is linked in.
struct Joint {
  Link previous;
  std::uint64_t size = 0;  // of the log
  std::string torn;        // digest
  bool newline = true;
  bool continues = false;
  bool restart = false;
};

Result<Joint> find_joint(int log, int head_file) {
  struct stat status {};
  if (::fstat(log, &status) != 0) return fail_errno("cannot stat the audit log", errno);
  TRY(text, read_some(head_file, head_size, "the audit log's head"));
  const auto head = parse_head(text);
  Joint joint;
  joint.size = static_cast<std::uint64_t>(status.st_size);
  joint.previous = head ? head->last : Link{};
  joint.continues = joint.size == 0 && joint.previous.seq != 0;
  if (joint.size == 0 || (head && head->size == joint.size)) return joint;  // the log is as its last writer left it
  // A writer died between the log and the head, the log was rotated, or someone was at it.
  joint.restart = !head;
  TRY(tail, read_tail(log, joint.size));
  // Where the head is ahead, records are missing: going on from the head keeps that visible in the chain for good.
  if (tail.last && tail.last->seq > joint.previous.seq) joint.previous = *tail.last;
  if (!tail.torn.empty()) joint.torn = sha256_hex(tail.torn);
  joint.newline = tail.newline;
  return joint;
}

Status write_head(int head_file, const Head& head) {
  const std::string text = format_head(head);
  if (::pwrite(head_file, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    return fail_errno("cannot write the audit log's head", errno);
  return {};
}

std::string format_line(const Joint& joint, std::uint64_t lost, const std::string& body) {
  std::string line =
      fmt::format(R"({{"seq":{},"prev":"{}","time":"{}",)", joint.previous.seq + 1, joint.previous.hash, utc_now());
  if (joint.continues) line += R"("continues":true,)";
  if (joint.restart) line += R"("restart":true,)";
  if (!joint.torn.empty()) line += fmt::format(R"("torn":"{}",)", joint.torn);
  if (lost != 0) line += fmt::format(R"("lost":{},)", lost);
  return line + body.substr(1);
}

Status write_line(int log, int head_file, const Joint& joint, const std::string& line) {
  const std::string text = (joint.newline ? "" : "\n") + line + "\n";
  const Status written = write_all(log, text, "the audit log");
  if (!written) {
    // Half a line would be chained over as torn; on a full disk it can be taken back.
    [[maybe_unused]] const int taken_back = ::ftruncate(log, static_cast<off_t>(joint.size));
    return written;
  }
  return write_head(head_file, {{joint.previous.seq + 1, sha256_hex(line)}, joint.size + text.size()});
}

}  // namespace

Status append(const Record& record, const Places& places) {
  const std::string body = describe(record).dump(-1, ' ', false, Json::error_handler_t::replace);
  TRY(directory, open_directory(directory_of(places.log)));
  TRY(head_file, lock_head(directory.get(), name_of(head_path(places.log)), places.patience));
  TRY(log, open_trusted_file(directory.get(), name_of(places.log), O_RDWR | O_APPEND | O_CREAT));
  TRY(joint, find_joint(log.get(), head_file.get()));
  // The first head of all is written before the first record, so that a record without a head is no normal sight.
  if (joint.size == 0 && joint.previous.seq == 0) TRY_DO(write_head(head_file.get(), {}));
  Losses losses(places.state);
  TRY_DO(write_line(log.get(), head_file.get(), joint, format_line(joint, losses.count(), body)));
  losses.clear();
  return {};
}

Status report(const Record& record, const policy::AuditLog& wishes, const Places& places) {
  if (wishes.syslog) to_syslog(record, places.syslog);
  Status appended = append(record, places);
  if (appended) return {};
  note_loss(places.state);
  if (!wishes.refuse_when_unwritable) return {};
  return tl::unexpected<Error>(
      std::move(appended).error().because("cannot keep the audit log, and the policy demands it"));
}

}  // namespace hardened::audit
