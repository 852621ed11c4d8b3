// The words that policies, grants and people use for enumerators.
#pragma once

#include <string_view>

#include "policy/policy.h"

namespace hardened::policy {

template <typename E>
struct Choice {
  std::string_view name;
  E value;
};

inline constexpr Choice<Level> level_words[] = {
    {"enforce", Level::enforce}, {"clamp", Level::clamp}, {"warn", Level::warn}, {"off", Level::off}};
inline constexpr Choice<Mode> mode_words[] = {{"enforce", Mode::enforce}, {"audit", Mode::audit}};

template <typename E, std::size_t count>
[[nodiscard]] constexpr std::string_view word_of(const Choice<E> (&words)[count], E value) {
  for (const Choice<E>& word : words) {
    if (word.value == value) return word.name;
  }
  return {};
}

}  // namespace hardened::policy
