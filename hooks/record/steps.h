// What the recorder does at each step of a container's life. A failure here must never keep the step itself from being
// taken: what could not be recorded is said in the log.
#pragma once

#include <string>
#include <string_view>

#include "record/runs.h"
#include "runtime/invocation.h"
#include "util/result.h"

namespace hardened::record {

struct Places {
  std::string state;  // "/run/hardened"
  std::string logs;   // "/var/lib/hardened/training"
};

// create: ends the runs whose end nobody saw, and keeps a place for the container that `text` describes
// (runtime/recording.h). Returns which tier will record it: "bpf", or "audit", for which its filter must log the calls
// it allows. Errors: Code::policy with why this machine cannot record; Code::io.
[[nodiscard]] Result<std::string> expect(const std::string& text, const Places& places);

// Before the first program of a container that another runtime makes and that `run` describes: keeps a place and
// begins, by BPF programs alone, for its filter is not ours. Does nothing where our own runtime records it already.
// Errors: as expect()'s, and when too many are recorded already; nothing is left then.
[[nodiscard]] Status begin(Run run, pid_t init, const Places& places);

// After the end of such a container: writes its log.
[[nodiscard]] Status end(const std::string& bundle, const std::string& container, const Places& places);

// start, kill and delete, before the runtime does them; nothing for any other verb and for containers not recorded.
[[nodiscard]] Status step(const runtime::Invocation& invocation, const Places& places);

// Does a signal, as runtimes take it ("TERM", "SIGTERM", "15"; "" is their default), ask a container to end whose image
// has the signal `stop_signal` for that ("" where it names none)? All others do as well, but for those that programs
// give another meaning: reload, reopen, pause, go on.
[[nodiscard]] bool asks_to_end(std::string_view signal, std::string_view stop_signal);

}  // namespace hardened::record
