// The profiles and schemas of profiles/ as they were when the program was built.
#pragma once

#include <span>
#include <string_view>

namespace hardened::embedded {

struct File {
  std::string_view name;  // relative to profiles/: "strict.json", "schemas/policy.schema.json"
  std::string_view text;
};

[[nodiscard]] std::span<const File> files();

// The text of the file `name`; empty when there is none.
[[nodiscard]] inline std::string_view find(std::string_view name) {
  for (const File& file : files()) {
    if (file.name == name) return file.text;
  }
  return {};
}

}  // namespace hardened::embedded
