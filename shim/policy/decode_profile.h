// A profile document as a struct.
#pragma once

#include <string>
#include <string_view>

#include "policy/decode.h"

namespace hardened::policy {

// Is `capability` one that hands over the host, so that only a waiver can give it and no profile?
[[nodiscard]] bool is_never_granted(std::string_view capability);

// Lays what `document` says over `profile`: objects member by member, everything else replaced. `profile.document` is
// left alone. Errors: Node::cannot; in particular a capability that would void the container's walls and that no waiver
// in `context` allows (where `context.known` is given).
[[nodiscard]] Status decode_onto(const Document& document, Profile& profile, const Context& context);

// The same without structs: how "extends" merges documents. "$schema" and "extends" are not taken over.
void merge_onto(const Json& document, Json& merged);

// What "extends" says, or nothing; any other type counts as nothing here and is an error of decode_onto().
[[nodiscard]] std::string extended_by(const Json& document);

}  // namespace hardened::policy
