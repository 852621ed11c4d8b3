// The ways to record what a container asks of the kernel. All else that is recorded needs none of them.
#pragma once

#include <memory>
#include <string>

#include "record/observed.h"
#include "record/runs.h"
#include "state/process.h"
#include "util/result.h"

namespace hardened::record {

class Tier {
 public:
  Tier() = default;
  Tier(const Tier&) = delete;
  Tier& operator=(const Tier&) = delete;
  virtual ~Tier() = default;

  // create: keeps a place for `run`, which is stored already; what a failure leaves, forget() takes away. Errors:
  // Code::policy with why this machine cannot record so; Code::io.
  [[nodiscard]] virtual Status expect(Run& run, const Runs& runs) const = 0;
  // start: `init` is about to become the container's first program.
  [[nodiscard]] virtual Status enter(Run& run, const state::Process& init) const = 0;
  // kill: what is recorded from now on belongs to the container's end.
  [[nodiscard]] virtual Status stop(const Run& run) const = 0;
  // delete: what was recorded of `run`, which was entered, until now; kept until forget(). Errors: Code::io; nothing
  // was recorded, with why.
  [[nodiscard]] virtual Result<Observed> read(const Run& run) const = 0;
  // Leaves nothing of `run`; `last`: no other is being recorded.
  virtual void forget(const Run& run, bool last) const = 0;
};

// eBPF programs; `programs` is where they are pinned.
[[nodiscard]] std::unique_ptr<Tier> bpf_tier(const std::string& programs);
// A filter that logs, and the kernel's audit records; `runs` is the directory of the runs.
[[nodiscard]] std::unique_ptr<Tier> audit_tier(const std::string& runs);

}  // namespace hardened::record
