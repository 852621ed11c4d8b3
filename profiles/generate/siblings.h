// Calls that one C library uses where another, or a younger one, uses the other.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace hardened::generate {

// The families of calls that do the same, each sorted.
[[nodiscard]] std::span<const std::span<const std::string_view>> sibling_families();

// What `calls` lacks of the families it has a member of: each with the member that was there.
[[nodiscard]] std::map<std::string, std::string> siblings_of(const std::set<std::string>& calls);

}  // namespace hardened::generate
