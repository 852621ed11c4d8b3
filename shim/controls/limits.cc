#include "controls/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "util/text.h"

namespace hardened::controls {

std::optional<std::int64_t> asked(const Spec& spec, std::string_view pointer) {
  const auto value = spec.integer(pointer);
  return value == 0 ? std::nullopt : value;
}

std::optional<std::int64_t> asked(const Json& document, std::string_view pointer) {
  if (!document.is_object()) return std::nullopt;
  const Json* found = oci::find(document, pointer);
  if (found == nullptr || !found->is_number_integer()) return std::nullopt;
  const std::int64_t value =
      found->is_number_unsigned() ? saturated(found->get<std::uint64_t>()) : found->get<std::int64_t>();
  return value == 0 ? std::nullopt : std::optional(value);
}

std::optional<double> cores_of(const Json& resources) {
  const auto quota = asked(resources, "/cpu/quota");
  if (!quota) return std::nullopt;
  const std::int64_t period = asked(resources, "/cpu/period").value_or(default_cpu_period);
  return static_cast<double>(*quota) / static_cast<double>(period);
}

bool beyond(std::int64_t value, std::uint64_t max) {
  return max != 0 && (value < 0 || static_cast<std::uint64_t>(value) > max);
}

std::int64_t saturated(std::uint64_t limit) {
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(limit, most));
}

std::uint64_t fallback_of(const policy::Limit<std::uint64_t>& limit) {
  return limit.max == 0 ? limit.fallback : std::min(limit.fallback, limit.max);
}

std::string size_text(std::int64_t bytes) {
  return bytes < 0 ? "unlimited" : format_size(static_cast<std::uint64_t>(bytes));
}

std::string count_text(std::int64_t count) {
  return count < 0 ? "unlimited" : std::to_string(count);
}

std::string raise_max(std::string_view limit) {
  return fmt::format("to allow it, raise \"max\" of \"limits.{}\" in the profile", limit);
}

}  // namespace hardened::controls
