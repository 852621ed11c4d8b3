#include "util/result.h"

#include <cstring>

namespace hardened {

tl::unexpected<Error> fail_errno(const std::string& what, int error) {
  const char* name = strerrorname_np(error);
  return fail(Code::io, what + " (" + (name != nullptr ? name : std::to_string(error)) + ")");
}

}  // namespace hardened
