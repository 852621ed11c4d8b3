// What would change in a text.
#pragma once

#include <string>

namespace hardened::ctl {

// `before` and `after`, called `old_name` and `new_name`, as diff(1) --unified shows them; where there is no diff(1),
// the whole of `after`. Empty where they are the same.
[[nodiscard]] std::string difference(const std::string& old_name, const std::string& before,
                                     const std::string& new_name, const std::string& after);

}  // namespace hardened::ctl
