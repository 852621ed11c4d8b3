// A profile on its way to a file: the document, what is said beside it, and the text of both.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "oci/json.h"

namespace hardened::generate {

struct Draft {
  Json document;
  std::vector<std::string> header;              // lines of the comment at the top
  std::map<std::string, std::string> comments;  // by JSON pointer: behind that value
  std::vector<std::string> warnings;            // what the profile cannot give, and what was not trained
  std::size_t siblings = 0;                     // calls added by --siblings
};

// JSON with comments, always the same for the same draft. Whatever a log put into it is ASCII with escapes: nothing can
// end a comment or a string, or speak to a terminal.
[[nodiscard]] std::string rendered(const Draft& draft);

// `text` as a JSON string in ASCII; in a comment it is cut where it is long.
[[nodiscard]] std::string as_json(std::string_view text);
[[nodiscard]] std::string in_comment(std::string_view text);

}  // namespace hardened::generate
