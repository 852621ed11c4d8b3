// One edit of a spec, and the language in which edits and their ownership are written.
//
// A pointer is an RFC 6901 JSON pointer with one extension: below an array of strings, a token that is not a number
// addresses the element by name, where the name ends before the first '='; an absolute path is its own name. So
// /process/capabilities/bounding/CAP_CHOWN is a member of a set, and /mounts/3/options/size is the option "size=64m".
// Below an array, a number addresses an existing element (or, where `before` is absent, inserts before it) and "-"
// appends.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "oci/json.h"
#include "util/result.h"

namespace hardened::oci {

struct Change {
  std::string pointer;
  std::optional<Json> before;  // nothing: absent
  std::optional<Json> after;   // nothing: removed
};

// Applies `change` to `document`; missing parents are made: objects, or an array where the change appends ("-") or adds
// a member of a set of strings (`after` is named as the last token says). Errors (Code::internal): a parent that is no
// container, or `before` that is not what stands there: a control that misread the spec must not edit it.
[[nodiscard]] Status apply(Json& document, const Change& change);

// What stands at `pointer` (same language); null, in the JSON sense, counts as absent.
[[nodiscard]] const Json* find(const Json& document, std::string_view pointer);

// Does the ownership `pattern` cover `pointer`? Token by token, "*" matches any one token; a pattern that ends early
// covers everything below. Inserting into or appending to an array is covered by "/-" in the pattern.
[[nodiscard]] bool owned(std::string_view pattern, const Change& change);

// Could one change be covered by both patterns?
[[nodiscard]] bool overlap(std::string_view pattern, std::string_view other);

}  // namespace hardened::oci
