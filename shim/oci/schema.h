// The shape of the OCI documents: every member runtime-spec 1.3 defines, with its type, as tables.
// A member that differs from a known one only by case is refused at once (Go would read it as that member); unknown
// members are reported, and the control `unknown-fields` decides.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "oci/json.h"
#include "util/result.h"

namespace hardened::oci {

enum class Type { boolean, integer, string, strings, integers, object, objects, map, maps, any };

struct Field;
struct Shape {
  std::span<const Field> fields;
};
struct Field {
  std::string_view name;
  Type type;
  const Shape* shape = nullptr;  // of `object`; of each element of `objects`; of each value of `maps`
};

extern const Shape spec_shape;       // config.json
extern const Shape process_shape;    // exec --process FILE
extern const Shape resources_shape;  // update --resources FILE

// Checks `document` against `shape`. Returns the JSON pointers of members the shape does not know, in document order.
// Errors (Code::syntax): a member of the wrong type (null counts as absent), or a known one in another case.
[[nodiscard]] Result<std::vector<std::string>> check_shape(const Json& document, const Shape& shape,
                                                           const std::string& name);

}  // namespace hardened::oci
