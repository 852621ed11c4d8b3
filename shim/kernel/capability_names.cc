#include "kernel/capability_names.h"

#include <cap-ng.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace hardened::kernel {
namespace {

constexpr std::string_view prefix = "CAP_";
constexpr unsigned most = 64;  // a set is two 32-bit words (capget(2), version 3)

// libcap-ng's spelling, "net_raw", of "CAP_NET_RAW".
std::optional<std::string> to_library(std::string_view name) {
  if (name.substr(0, prefix.size()) != prefix) return std::nullopt;
  std::string result;
  for (const char c : name.substr(prefix.size())) {
    if (c != '_' && (c < 'A' || c > 'Z')) return std::nullopt;
    result += c == '_' ? c : static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string from_library(std::string_view name) {
  std::string result(prefix);
  for (const char c : name) result += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return result;
}

std::vector<std::string> list_names() {
  std::vector<std::string> names;
  for (unsigned number = 0; number < most; ++number) {
    const char* name = capng_capability_to_name(number);
    if (name == nullptr) break;
    std::string ours = from_library(name);
    // A kernel newer than the library has capabilities that the library only numbers ("cap_41").
    if (is_capability(ours)) names.push_back(std::move(ours));
  }
  return names;
}

}  // namespace

bool is_capability(std::string_view name) {
  const std::optional<std::string> library_name = to_library(name);
  return library_name && capng_name_to_capability(library_name->c_str()) >= 0;
}

std::span<const std::string> capability_names() {
  static const std::vector<std::string> names = list_names();
  return names;
}

}  // namespace hardened::kernel
