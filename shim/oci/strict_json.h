// A JSON reader for documents that decide about privilege. Go's decoder (runc, containerd) matches member names
// ignoring case, lets the last duplicate win and ignores bytes after the value; crun's does none of that. What we judge
// and what the runtime runs must be one document, so everything on which readers could differ is refused here.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "oci/json.h"
#include "util/result.h"

namespace hardened::oci {

struct StrictOptions {
  std::size_t max_bytes = std::size_t{8} << 20;
  std::size_t max_depth = 64;
  bool comments = false;  // allow // and /* */ (our own configuration files)
  bool lines = false;     // fill StrictDocument::lines
};

struct StrictDocument {
  Json value;
  std::map<std::string, std::size_t> lines;  // RFC 6901 pointer → line, counted from 1
};

// Parses `text`, the whole of it. Errors (Code::syntax) name the line: duplicate members, bytes after the value,
// invalid UTF-8, a byte order mark, integers beyond 64 bits, too large or too deep documents. `name` is used in errors
// only.
[[nodiscard]] Result<StrictDocument> parse_strict(std::string_view text, const std::string& name,
                                                  const StrictOptions& options = {});

// The member name as Go's encoding/json compares it: ASCII case folded, U+017F (ſ) as s and U+212A (Kelvin) as k.
[[nodiscard]] std::string folded(std::string_view name);

// RFC 6901 escaping of one reference token: ~ → ~0, / → ~1.
[[nodiscard]] std::string escaped_token(std::string_view token);

}  // namespace hardened::oci
