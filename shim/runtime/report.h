// How a failure of ours reaches the user.
#pragma once

#include <string>

#include "runtime/invocation.h"
#include "util/result.h"

namespace hardened::runtime {

// "hardened: refused by …" for Code::refused, "hardened: cannot …" for everything else, with the hint behind ";".
[[nodiscard]] std::string user_message(const Error& error);

// Appends `message` to the runtime log named by --log, as one RFC 3339 JSON object when --log-format is json
// (containerd shows the last "error" line's msg; Podman parses the whole file as one object), as logrus text otherwise.
// Without a usable --log it goes to stderr, which is where CRI-O and people look. To both only for update: its stderr
// is no container's stream, and containerd's shim shows nothing else (go-runc runOrError).
void report_failure(const Invocation& invocation, const std::string& message);

// The exit status for a failure of this verb: 255 for exec (so that it differs from any status of the command), else 1.
[[nodiscard]] int failure_status(const Invocation& invocation);

}  // namespace hardened::runtime
