// What the parts of the oracle share: one case, and reading a spec without trusting its form.
#pragma once

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "oracle.h"

namespace hardened::property {

using Words = std::vector<std::string>;
using Strings = std::set<std::string>;

struct Case {
  const Json& before;
  const Json& after;
  const Policy& policy;
  const Facts& facts;
  Words& wrong;

  void expect(bool holds, const std::string& sentence) const {
    if (!holds) wrong.push_back(sentence);
  }
};

void check_mounts(const Case& c);
void check_resources(const Case& c);
void check_devices(const Case& c);

inline const Json& at(const Json& document, const std::string& pointer) {
  static const Json nothing;
  const Json::json_pointer path(pointer);
  return document.contains(path) ? document.at(path) : nothing;
}

inline Strings strings(const Json& list) {
  Strings result;
  if (!list.is_array()) return result;
  for (const Json& element : list) result.insert(element.get<std::string>());
  return result;
}

inline bool subset(const Strings& inner, const Strings& outer) {
  return std::includes(outer.begin(), outer.end(), inner.begin(), inner.end());
}

// The number as Go's int64 holds it: what is larger is the largest.
inline long long number(const Json& value) {
  constexpr auto most = std::uint64_t{1} << 63;
  if (!value.is_number_integer()) return 0;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() >= most) return static_cast<long long>(most - 1);
  return value.get<long long>();
}

inline std::string text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

inline bool starts_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

// The path without doubled slashes and dots: where it leads when no symbolic link is in the way.
[[nodiscard]] std::string plain_path(const std::string& path);

// Is `path` the directory `parent` or below it?
inline bool within(const std::string& path, const std::string& parent) {
  return path == parent || starts_with(path, parent == "/" ? "/" : parent + "/");
}

}  // namespace hardened::property
