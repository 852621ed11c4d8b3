// The same decisions for the host's own log; journald reads the same socket.
#pragma once

#include <string>

#include "audit/record.h"

namespace hardened::audit {

// Sends `record` as one line to the datagram socket `socket_path`, facility authpriv, without the chain and without the
// silent tightening. Best effort and never waiting: syslog(3) would hang every container start behind a stopped logger.
void to_syslog(const Record& record, const std::string& socket_path);

}  // namespace hardened::audit
