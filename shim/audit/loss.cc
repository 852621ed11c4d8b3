#include "audit/loss.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"
#include "util/lock.h"

namespace hardened::audit {
namespace {

// One byte a loss: appending needs no reading, and the size is the count.
constexpr char file_name[] = "audit.lost";

Result<Fd> open_counter(const std::string& state_root, int flags, std::chrono::milliseconds patience) {
  TRY(state, open_trusted_directory(AT_FDCWD, state_root));
  TRY(file, open_trusted_file(state.get(), file_name, flags));
  TRY_DO(lock_within(file.get(), Lock::exclusive, patience, file_name));
  return file;
}

}  // namespace

void note_loss(const std::string& state_root) {
  static_cast<void>(make_directories(state_root));
  const auto file = open_counter(state_root, O_WRONLY | O_APPEND | O_CREAT, lock_patience);
  if (file) static_cast<void>(write_all(file->get(), ".", file_name));
}

Losses::Losses(const std::string& state_root) {
  auto file = open_counter(state_root, O_RDWR, std::chrono::milliseconds(0));
  struct stat status {};
  if (!file || ::fstat(file->get(), &status) != 0) return;
  file_ = std::move(*file);
  count_ = static_cast<std::uint64_t>(status.st_size);
}

void Losses::clear() {
  // A count that cannot be cleared is told once more: better twice than never.
  if (count_ != 0 && ::ftruncate(file_.get(), 0) == 0) count_ = 0;
}

}  // namespace hardened::audit
