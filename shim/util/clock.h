// The only reader of the wall clock.
#pragma once

#include <string>

namespace hardened {

// Now in UTC as RFC 3339 with milliseconds: "2026-03-01T12:00:00.123Z".
[[nodiscard]] std::string utc_now();
// Today's date in UTC: "2026-03-01"; ISO dates compare as text.
[[nodiscard]] std::string utc_today();

}  // namespace hardened
