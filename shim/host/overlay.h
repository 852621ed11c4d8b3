// The layers of an overlay mount, as mountinfo tells them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hardened::host {

struct Overlay {
  std::vector<std::string> lower;     // top first, absolute
  std::string upper;                  // absolute; empty for a read-only overlay
  std::vector<std::string> features;  // without which the layers would read differently: "metacopy=on", "userxattr"
};

// Reads `options`, an overlay's super block options as the kernel escapes them: lowerdir=A:B, and lowerdir+=A as the
// new mount API has it (Linux 6.5). Relative layers, which engines use where the options outgrow a page, begin at
// `home`.
[[nodiscard]] Overlay parse_overlay(std::string_view options, const std::string& home);

}  // namespace hardened::host
