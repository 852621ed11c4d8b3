#include "util/result.h"

#include <cstring>

namespace hardened {

tl::unexpected<Error> fail_errno(const std::string& what, int error, Code code) {
  const char* name = strerrorname_np(error);
  return fail(code, what + " (" + (name != nullptr ? name : std::to_string(error)) + ")");
}

}  // namespace hardened
