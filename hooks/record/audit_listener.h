// Where the kernel refuses BPF programs, the container's filter logs each call it allows (SECCOMP_RET_LOG), and a
// process of ours reads the kernel's audit records while the container lives: one for each run, for records that
// nobody waits for are lost.
#pragma once

#include <string>

#include "record/audit_board.h"
#include "state/process.h"
#include "util/result.h"

namespace hardened::record {

// Begins to listen for what is on `board`, in a process that stays behind this one, and ends when the file `run` is
// gone. Returns when a first record has come. Errors: Code::policy with why this machine's records cannot be read.
[[nodiscard]] Result<state::Process> begin_listening(const SharedBoard& board, const std::string& run);

// Waits until all records that the kernel has made before have been heard, or `board` says that some are missing.
// Errors: Code::io; the listener has ended, or does not hear in time.
[[nodiscard]] Status hear_the_rest(const SharedBoard& board, const state::Process& listener);

void end_listening(const state::Process& listener);

}  // namespace hardened::record
