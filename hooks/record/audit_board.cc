#include "record/audit_board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "util/file.h"

namespace hardened::record {
namespace {

Result<SharedBoard> map(const Fd& file, const std::string& path) {
  void* place = ::mmap(nullptr, sizeof(AuditBoard), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (place == MAP_FAILED) return fail_errno("cannot map " + path, errno);
  return SharedBoard(static_cast<AuditBoard*>(place), [](AuditBoard* board) { ::munmap(board, sizeof *board); });
}

}  // namespace

Result<SharedBoard> make_board(const std::string& path) {
  TRY(file, open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  // Taken from the file system now: one that is full would otherwise end the listener when it writes.
  if (const int error = ::posix_fallocate(file.get(), 0, sizeof(AuditBoard)); error != 0)
    return fail_errno("cannot make " + path, error);
  TRY(board, map(file, path));
  new (board.get()) AuditBoard;
  return board;
}

Result<SharedBoard> open_board(const std::string& path) {
  TRY(file, open_trusted_file(AT_FDCWD, path, O_RDWR | O_NOFOLLOW));
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return fail_errno("cannot look at " + path, errno);
  if (status.st_size != sizeof(AuditBoard)) return fail(Code::io, path + " is of another version");
  return map(file, path);
}

}  // namespace hardened::record
