// Records of the audit log as other systems read them.
#pragma once

#include <string>

#include "oci/json.h"

namespace hardened::ctl {

// One line. `format`: "json"; "syslog": RFC 5424 with the record as JSON in the message (@cee:, which collectors
// unpack); "cef": ArcSight's Common Event Format, revision 25, what was refused as its signature.
[[nodiscard]] std::string exported(const Json& record, const std::string& format);

}  // namespace hardened::ctl
