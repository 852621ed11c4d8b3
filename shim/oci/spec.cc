#include "oci/spec.h"

#include <limits>

namespace hardened::oci {

std::optional<std::string> text(const Json& document, std::string_view pointer) {
  const Json* found = find(document, pointer);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

std::vector<std::string> strings(const Json& document, std::string_view pointer) {
  std::vector<std::string> result;
  for (const Json& element : elements(document, pointer)) {
    if (element.is_string()) result.push_back(element.get<std::string>());
  }
  return result;
}

const Json& elements(const Json& document, std::string_view pointer) {
  static const Json nothing = Json::array();
  const Json* found = find(document, pointer);
  return found != nullptr && found->is_structured() ? *found : nothing;
}

std::optional<Json> Spec::value(std::string_view pointer) const {
  const Json* found = find(pointer);
  return found == nullptr ? std::nullopt : std::optional<Json>(*found);
}

std::optional<std::int64_t> Spec::integer(std::string_view pointer) const {
  const Json* found = find(pointer);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  if (found->is_number_unsigned() && found->get<std::uint64_t>() > most) return static_cast<std::int64_t>(most);
  return found->get<std::int64_t>();
}

bool Spec::is_true(std::string_view pointer) const {
  const Json* found = find(pointer);
  return found != nullptr && found->is_boolean() && found->get<bool>();
}

}  // namespace hardened::oci
