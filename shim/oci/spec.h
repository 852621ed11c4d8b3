// A read view of an OCI spec for the controls: typed look-ups by pointer that never throw.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/change.h"
#include "oci/json.h"

namespace hardened::oci {

// What stands at `pointer` of `document` (see change.h) where it has that type, else nothing; check_shape() has refused
// other types before any control runs.
[[nodiscard]] std::optional<std::string> text(const Json& document, std::string_view pointer);
[[nodiscard]] std::vector<std::string> strings(const Json& document, std::string_view pointer);
// The array or object at `pointer`, or an empty array.
[[nodiscard]] const Json& elements(const Json& document, std::string_view pointer);

class Spec {
 public:
  explicit Spec(Json document) : document_(std::move(document)) {}

  [[nodiscard]] const Json& document() const { return document_; }
  [[nodiscard]] Status apply(const Change& change) { return oci::apply(document_, change); }

  // What stands at `pointer` (see change.h), or nothing; null counts as absent.
  [[nodiscard]] const Json* find(std::string_view pointer) const { return oci::find(document_, pointer); }
  [[nodiscard]] std::optional<Json> value(std::string_view pointer) const;
  [[nodiscard]] std::optional<std::string> text(std::string_view pointer) const {
    return oci::text(document_, pointer);
  }
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view pointer) const;  // saturates at the 64-bit ends
  [[nodiscard]] bool is_true(std::string_view pointer) const;
  [[nodiscard]] std::vector<std::string> strings(std::string_view pointer) const {
    return oci::strings(document_, pointer);
  }
  [[nodiscard]] const Json& elements(std::string_view pointer) const { return oci::elements(document_, pointer); }

 private:
  Json document_;
};

}  // namespace hardened::oci

namespace hardened {
using oci::Change;
using oci::Spec;
}  // namespace hardened
