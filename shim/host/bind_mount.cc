#include "host/bind_mount.h"

#include <algorithm>
#include <string_view>

#include "oci/change.h"

namespace hardened::host {
namespace {

bool has_option(const Json& mount, std::string_view name) {
  const Json* options = oci::find(mount, "/options");
  if (options == nullptr || !options->is_array()) return false;
  return std::any_of(options->begin(), options->end(), [name](const Json& option) {
    return option.is_string() && option.get_ref<const std::string&>() == name;
  });
}

std::string member(const Json& mount, std::string_view pointer) {
  const Json* found = oci::find(mount, pointer);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

bool is_recursive_bind(const Json& mount) {
  return has_option(mount, "rbind") || member(mount, "/type") == "rbind";
}

bool is_bind(const Json& mount) {
  const std::string type = member(mount, "/type");
  return type.empty() || type == "bind" || type == "none" || has_option(mount, "bind") || is_recursive_bind(mount);
}

std::string bind_source(const Json& mount) {
  return is_bind(mount) ? member(mount, "/source") : std::string();
}

}  // namespace hardened::host
