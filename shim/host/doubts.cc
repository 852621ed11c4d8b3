#include "host/doubts.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace hardened::host {

void Doubts::note(const std::string& name, int error) {
  constexpr int answers[] = {ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG, ENXIO};
  if (!certain_ || std::find(std::begin(answers), std::end(answers), error) != std::end(answers)) return;
  if (error == EACCES && ::geteuid() != 0) return;
  certain_ = fail_errno("cannot look at " + name, error);
}

void Doubts::note(const Error& error) {
  if (certain_) certain_ = tl::unexpected<Error>(error);
}

}  // namespace hardened::host
