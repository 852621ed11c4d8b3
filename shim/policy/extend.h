// From the name of a profile to the profile: what it extends, down to a shipped one that extends nothing, laid over
// each other from there up.
#pragma once

#include <functional>
#include <string>

#include "policy/decode_profile.h"

namespace hardened::policy {

// Where documents come from; pure in tests.
struct ProfileSource {
  std::function<Result<Document>(const std::string& name)> read;  // called with existing names only
  std::function<bool(const std::string& name)> is_shipped;        // ours: its names need no check
};

// The profile `name`, one of `context.profiles`. A site's profile that extends nothing extends `strict`: what it does
// not mention must not fall back to no limit at all. Errors: Node::cannot; a chain that runs in a circle, is deeper
// than 8, or a "name" that is not the file's.
[[nodiscard]] Result<Profile> resolve(const std::string& name, const ProfileSource& source, const Context& context);

}  // namespace hardened::policy
