// THE table of controls. Its order means one thing only: a control that reads what another writes stands after it.
#pragma once

#include <span>

#include "controls/control.h"

namespace hardened::controls {

[[nodiscard]] std::span<const Control* const> registry();

// The control `id`, or nothing.
[[nodiscard]] const Control* find_control(std::string_view id);

}  // namespace hardened::controls
