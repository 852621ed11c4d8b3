#include "verify/filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <span>

#include "controls/seccomp_generate.h"
#include "kernel/seccomp_filter.h"
#include "oci/spec.h"
#include "policy/load.h"

namespace hardened::verify {
namespace {

using kernel::SeccompComparison;
using kernel::SeccompProgram;
using kernel::SeccompWords;

constexpr std::uint32_t calls = 1024;  // numbers of an ABI, with room for those to come
constexpr std::uint32_t x32_bit = 0x40000000;
constexpr std::size_t most_arguments = 4096;  // lists of them, for one call

// Some answers leave it to a process outside, and such a process allows what it likes.
bool may_pass(std::uint32_t answer) {
  const std::uint32_t action = answer & SECCOMP_RET_ACTION_FULL;
  return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG || action == SECCOMP_RET_TRACE ||
         action == SECCOMP_RET_USER_NOTIF;
}

// Calls that differ in the arguments only, each met once.
class Arguments {
 public:
  explicit Arguments(const SeccompWords& first) { add(first); }
  std::optional<SeccompWords> next() {
    if (open_.empty()) return std::nullopt;
    const SeccompWords call = open_.back();
    open_.pop_back();
    return call;
  }
  // `call` on either side of a comparison.
  void turn(const SeccompWords& call, const SeccompComparison& at) {
    if (at.word < kernel::first_argument_word || at.mask == 0) return;
    const std::uint32_t lowest = at.mask & (~at.mask + 1);
    add_with(call, at, at.value);
    add_with(call, at, at.value + lowest);
    if (!at.equality) add_with(call, at, at.value - lowest);
  }

 private:
  void add_with(SeccompWords call, const SeccompComparison& at, std::uint32_t value) {
    call[at.word] = (call[at.word] & ~at.mask) | (value & at.mask);
    add(call);
  }
  void add(const SeccompWords& call) {
    if (known_.size() < most_arguments && known_.insert(call).second) open_.push_back(call);
  }
  std::set<SeccompWords> known_;
  std::vector<SeccompWords> open_;
};

class Trial {
 public:
  Trial(std::span<const SeccompProgram> loaded, const SeccompProgram& granted) : loaded_(loaded), granted_(granted) {
    for (const SeccompProgram& program : loaded) cost_ += program.size();
  }

  // Is there an argument list with which `first` passes all that is loaded and not what was granted?
  bool passes_beyond(const SeccompWords& first) {
    Arguments arguments(first);
    std::vector<SeccompComparison> compared;
    while (const auto call = arguments.next()) {
      if (is_over()) return false;
      spent_ += cost_;
      compared.clear();
      const bool passes = std::all_of(loaded_.begin(), loaded_.end(), [&](const SeccompProgram& program) {
        return may_pass(kernel::run_seccomp(program, *call, &compared).value_or(SECCOMP_RET_ALLOW));
      });
      if (!may_pass(kernel::run_seccomp(granted_, *call, &compared).value_or(SECCOMP_RET_ALLOW)) && passes) return true;
      for (const SeccompComparison& comparison : compared) arguments.turn(*call, comparison);
    }
    return false;
  }
  // A container can load filters that are made to be slow to try.
  [[nodiscard]] bool is_over() const { return spent_ > most; }

 private:
  static constexpr std::uint64_t most = 100'000'000;  // instructions; a runtime's filter takes a tenth
  std::span<const SeccompProgram> loaded_;
  const SeccompProgram& granted_;
  std::uint64_t cost_ = 0, spent_ = 0;
};

std::string name_of(std::uint32_t number, const std::string& architecture, bool native) {
  const std::string name = kernel::syscall_name(static_cast<int>(number & ~x32_bit), architecture)
                               .value_or(fmt::format("call {}", number & ~x32_bit));
  if ((number & x32_bit) != 0) return name + " (x32)";
  return native ? name : fmt::format("{} ({})", name, architecture);
}

Result<SeccompProgram> granted_program(const state::Grant& grant, const policy::Profile& profile, const Facts& facts) {
  const auto bounding = oci::strings(grant.process, "/capabilities/bounding");
  const auto filter = controls::generate_filter(profile.seccomp, {bounding.begin(), bounding.end()}, facts);
  const auto architectures = controls::filter_architectures(facts.architecture, profile.seccomp.compat_architectures);
  return kernel::compile_seccomp(controls::write_filter(filter, architectures, {}), architectures.front());
}

Result<std::vector<std::string>> tried(std::span<const SeccompProgram> loaded, const SeccompProgram& granted,
                                       const Facts& facts) {
  const auto architectures = controls::filter_architectures(facts.architecture, true);
  Trial trial(loaded, granted);
  std::vector<std::string> beyond;
  for (const std::string& architecture : architectures) {
    const bool native = architecture == architectures.front();
    const bool has_x32 = native && facts.architecture == "x86_64";
    for (const std::uint32_t abi : {std::uint32_t{0}, x32_bit}) {
      if (abi != 0 && !has_x32) continue;
      for (std::uint32_t number = 0; number < calls; ++number) {
        SeccompWords call{};
        call[kernel::number_word] = number | abi;
        call[kernel::architecture_word] = kernel::audit_architecture(architecture);
        if (trial.passes_beyond(call)) beyond.push_back(name_of(number | abi, architecture, native));
      }
    }
  }
  if (trial.is_over()) return fail(Code::io, "cannot try the container's seccomp filters: there is too much in them");
  return beyond;
}

}  // namespace

Result<std::vector<std::string>> allowed_beyond(const state::Grant& grant, const std::vector<SeccompProgram>& loaded,
                                                const Facts& facts) {
  if (controls::filter_architectures(facts.architecture, true).empty()) return std::vector<std::string>{};
  TRY(profile, policy::decode_profile(grant.profile));
  Facts here = facts;
  here.runtime = {};  // any: it may have been replaced since, and its needs with it
  here.workload.building = grant.building;
  TRY(granted, granted_program(grant, profile, here));
  const std::span<const SeccompProgram> all(loaded);
  TRY(beyond, tried(all.first(std::min<std::size_t>(all.size(), 1)), granted, here));
  if (beyond.empty() || all.size() == 1) return beyond;
  return tried(all, granted, here);
}

}  // namespace hardened::verify
