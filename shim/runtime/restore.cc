// restore: a checkpoint comes back with the capabilities, filter and namespaces it was taken with, whatever the spec in
// the bundle says, so rewriting that spec would prove nothing. Refused by name.
#include "runtime/story.h"

namespace hardened::runtime {

Result<Handover> restore(const Call&, Account&) {
  return fail(Code::refused,
              "refused by restore: a checkpoint carries the rights it was taken with, and they cannot be judged "
              "(OWASP Docker Top 10 D04)",
              "start the container anew instead of from a checkpoint");
}

}  // namespace hardened::runtime
