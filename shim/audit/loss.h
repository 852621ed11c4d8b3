// How many decisions could not be logged: kept in the state directory, told by the next record that can be written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "util/fd.h"

namespace hardened::audit {

// Counts one decision that could not be logged. Best effort: where this cannot be written either, nothing is left to
// do.
void note_loss(const std::string& state_root);

// The count so far, locked while this object lives, so that no loss is forgotten between telling and clearing it.
class Losses {
 public:
  explicit Losses(const std::string& state_root);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  void clear();

 private:
  Fd file_;
  std::uint64_t count_ = 0;
};

}  // namespace hardened::audit
