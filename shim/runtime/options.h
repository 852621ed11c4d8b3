// The tables behind invocation.h.
#pragma once

#include <span>
#include <string_view>

#include "runtime/invocation.h"

namespace hardened::runtime {

enum class Arity {
  flag,       // a switch: --detach, --detach=false
  value,      // --bundle B, --bundle=B
  optional,   // crun's --tty[=TTY]: a value only behind "="
  forbidden,  // known, and refused: it undermines the sandbox
};

struct Option {
  std::string_view name;
  std::string_view alias;  // one letter; empty when there is none
  Arity arity;
};

struct VerbTable {
  std::string_view name;
  Verb verb;
  std::span<const Option> options;  // sorted by name
  bool flags_after_id;              // runc 1.x accepts them there, except for exec, where the command begins
};

[[nodiscard]] std::span<const Option> global_options();
[[nodiscard]] std::span<const Option> pass_through_options();
[[nodiscard]] std::span<const VerbTable> verb_tables();

// The option spelled `name` (long name or alias), or nothing.
[[nodiscard]] const Option* find_option(std::span<const Option> options, std::string_view name);

}  // namespace hardened::runtime
