#include "host/overlay.h"

#include <algorithm>

#include "host/mount_table.h"
#include "util/text.h"

namespace hardened::host {
namespace {

// Overlayfs writes a colon in a layer's name as "\\:".
std::vector<std::string> layers_in(const std::string& text) {
  std::vector<std::string> layers(1);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\' && at + 1 < text.size()) {
      layers.back() += text[++at];
    } else if (text[at] == ':') {
      if (!layers.back().empty()) layers.emplace_back();  // "::" begins the data-only layers
    } else {
      layers.back() += text[at];
    }
  }
  return layers;
}

std::string absolute(const std::string& layer, const std::string& home) {
  return layer.starts_with('/') ? layer : home + "/" + layer;
}

}  // namespace

Overlay parse_overlay(std::string_view options, const std::string& home) {
  constexpr std::string_view features[] = {"metacopy", "redirect_dir", "userxattr"};
  Overlay overlay;
  for (const std::string& option : split(options, ',')) {
    const std::size_t equals = option.find('=');
    const std::string name = option.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : unescaped(option.substr(equals + 1));
    if (name == "lowerdir") {
      for (const std::string& layer : layers_in(value)) overlay.lower.push_back(absolute(layer, home));
    } else if (name == "lowerdir+") {
      overlay.lower.push_back(absolute(value, home));
    } else if (name == "upperdir") {
      overlay.upper = absolute(layers_in(value).front(), home);
    } else if (std::find(std::begin(features), std::end(features), name) != std::end(features)) {
      overlay.features.push_back(option);
    }
  }
  return overlay;
}

}  // namespace hardened::host
