// What could not be told about the host. "There is no such thing" is an answer; a process without free descriptors or
// memory, or a disk that fails, is none: judged on what was not seen, a container would be given too much.
#pragma once

#include <string>

#include "util/result.h"

namespace hardened::host {

class Doubts {
 public:
  // After a call about `name` that failed with `error`: keeps the first that is no answer. What one who is not root may
  // not see (EACCES: hardenctl explain, doctor) is one.
  void note(const std::string& name, int error);
  // The same of an error that is no answer for sure.
  void note(const Error& error);

  // An error (Code::io) as soon as there was a doubt.
  [[nodiscard]] const Status& certain() const { return certain_; }

 private:
  Status certain_;
};

}  // namespace hardened::host
