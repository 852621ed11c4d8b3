// The maps of the BPF programs, as pinned: a slot of them belongs to one container at a time.
#pragma once

#include <cstdint>
#include <string>

#include "record/layout.h"
#include "record/observed.h"
#include "state/process.h"
#include "util/fd.h"
#include "util/result.h"

namespace hardened::record {

// Who is recorded in a slot.
struct Subject {
  std::uint64_t run = 0;  // not 0
  state::Process init;    // will become the container's first program
};

class Maps {
 public:
  // Errors: Code::io where the programs are not loaded.
  [[nodiscard]] static Result<Maps> open(const std::string& directory);

  // Empties the slot and gives it to `subject`: from its next program on it is recorded.
  [[nodiscard]] Status enter(unsigned slot, const Subject& subject) const;
  // What is recorded from now on belongs to the container's end.
  [[nodiscard]] Status stop(unsigned slot, std::uint64_t run) const;
  // Errors: Code::io; the slot is not of `run`: the programs were attached anew meanwhile.
  [[nodiscard]] Result<Observed> read(unsigned slot, std::uint64_t run) const;
  // Nothing more is recorded in the slot, and what was is forgotten.
  void clear(unsigned slot) const;

 private:
  Maps() = default;
  void read_calls(unsigned slot, Observed& observed) const;
  void read_arguments(unsigned slot, Observed& observed) const;
  void read_capabilities(unsigned slot, Observed& observed) const;
  void read_losses(unsigned slot, Observed& observed) const;
  [[nodiscard]] Result<record_control> control_of(unsigned slot, std::uint64_t run) const;

  Fd inits_, containers_, controls_, progress_, calls_, arguments_, values_, capabilities_;
  bool capabilities_seen_ = false;
};

}  // namespace hardened::record
