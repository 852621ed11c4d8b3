// Records of the audit log as other systems read them.
#pragma once

#include <string>
#include <string_view>

#include "oci/json.h"

namespace hardened::ctl {

// The text member `name` of a record or finding; empty where it is none.
[[nodiscard]] std::string text(const Json& object, std::string_view name);

// One line. `format`: "json"; "syslog": RFC 5424 with the record as JSON in the message (@cee:, which collectors
// unpack); "cef": ArcSight's Common Event Format, revision 25, what was refused as its signature.
[[nodiscard]] std::string exported(const Json& record, const std::string& format);

}  // namespace hardened::ctl
