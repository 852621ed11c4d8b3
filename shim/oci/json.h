// The document model: every member, its order and 64-bit numbers survive a round trip (nlohmann::ordered_json).
#pragma once

#include <nlohmann/json.hpp>

namespace hardened::oci {

using Json = nlohmann::ordered_json;

}  // namespace hardened::oci

namespace hardened {
using oci::Json;
}
