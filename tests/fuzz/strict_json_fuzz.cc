// The strict reader: whatever it accepts, nlohmann's own reader accepts and reads as the same document, and writing it
// and reading it again changes nothing.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "oci/strict_json.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hardened;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool comments : {false, true}) {
    const auto strict = oci::parse_strict(text, "fuzz", {.max_depth = 16, .comments = comments, .lines = comments});
    if (!strict) continue;
    if (strict->value != Json::parse(text, nullptr, true, comments)) std::abort();
    const auto again = oci::parse_strict(strict->value.dump(), "again", {.max_depth = 16});
    if (!again || again->value != strict->value) std::abort();
  }
  return 0;
}
