// What an exec may at most have: the process object its container was granted at create.
#pragma once

#include "host/facts.h"
#include "oci/spec.h"

namespace hardened::controls {

// The grant as a spec, {"process": …}, so that it is read with the pointers of the spec under judgement; {} where there
// is none: on create and update.
[[nodiscard]] inline Spec granted(const Facts& facts) {
  Json document = Json::object();
  if (facts.operation == host::Operation::exec && facts.granted_process.is_object())
    document["process"] = facts.granted_process;
  return Spec(std::move(document));
}

}  // namespace hardened::controls
