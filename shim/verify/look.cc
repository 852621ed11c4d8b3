#include "verify/look.h"

#include <algorithm>
#include <thread>

#include "host/machine.h"
#include "state/init_process.h"

namespace hardened::verify {

namespace {

bool is_in(const std::vector<Weakness>& weaknesses, std::string_view control) {
  return std::any_of(weaknesses.begin(), weaknesses.end(),
                     [&](const Weakness& weakness) { return weakness.control == control; });
}

// Of the first process, or, where that cannot be stopped, of another one, which has the oldest of them as well.
Result<std::vector<kernel::SeccompProgram>> programs_of(const ContainerView& view) {
  auto programs = kernel::seccomp_programs_of(view.init.pid);
  constexpr std::size_t most = 3;
  for (std::size_t i = 0; !programs && i < std::min(most, view.others.size()); ++i) {
    auto instead = kernel::seccomp_programs_of(view.others[i].pid);
    if (!instead || instead->empty()) continue;
    instead->resize(1);
    return instead;
  }
  return programs;
}

// Once and last: it stops the process, and tries every system call.
Status look_at_filter(const state::Grant& grant, ContainerView view, const Outside& outside,
                      std::vector<Weakness>& found) {
  if (is_in(found, "seccomp") || !view.init.seccomp_filter) return {};
  view.seccomp_programs = programs_of(view);
  if (!*view.seccomp_programs) {
    // It may have ended meanwhile.
    TRY(now, observe(view.init.pid));
    if (!now) return {};
  }
  for (Weakness& weakness : compare(grant, view, outside)) {
    if (weakness.control == "seccomp") found.push_back(std::move(weakness));
  }
  return {};
}

}  // namespace

Result<std::optional<std::vector<Weakness>>> look(const state::Grant& grant, const Looks& looks) {
  Outside outside{own_namespaces(), {}};
  TRY_DO(host::read_machine(outside.facts));
  std::vector<Weakness> lasting;
  for (int count = 1;; ++count) {
    const auto init = state::init_of(grant.runtime_root, grant.id);
    if (!init) return std::nullopt;
    TRY(view, observe(*init));
    if (!view) return std::nullopt;
    std::vector<Weakness> seen = compare(grant, *view, outside);
    if (count != 1) std::erase_if(seen, [&](const Weakness& now) { return !is_in(lasting, now.control); });
    lasting = std::move(seen);
    if (lasting.empty() || count >= looks.most) {
      TRY_DO(look_at_filter(grant, *std::move(view), outside, lasting));
      return std::optional(std::move(lasting));
    }
    std::this_thread::sleep_for(looks.between);
  }
}

}  // namespace hardened::verify
