#include "verify/look.h"

#include <algorithm>
#include <thread>

#include "state/init_process.h"

namespace hardened::verify {

Result<std::optional<std::vector<Weakness>>> look(const state::Grant& grant, const Looks& looks) {
  const auto outside = own_namespaces();
  std::vector<Weakness> lasting;
  for (int count = 0; count < looks.most; ++count) {
    const auto init = state::init_of(grant.runtime_root, grant.id);
    if (!init) return std::nullopt;
    TRY(view, observe(*init));
    if (!view) return std::nullopt;
    std::vector<Weakness> seen = compare(grant, *view, outside);
    const auto is_new = [&](const Weakness& now) {
      return std::none_of(lasting.begin(), lasting.end(),
                          [&](const Weakness& old) { return old.control == now.control; });
    };
    if (count != 0) std::erase_if(seen, is_new);
    lasting = std::move(seen);
    if (lasting.empty()) break;
    if (count + 1 < looks.most) std::this_thread::sleep_for(looks.between);
  }
  return std::optional(std::move(lasting));
}

}  // namespace hardened::verify
