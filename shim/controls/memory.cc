// Fields: /linux/resources/memory/{limit,swap,reservation,disableOOMKiller}. Allowed: a limit up to the profile's max,
// no swap beyond it. kernel, kernelTCP and swappiness only restrict and stay.
#include <fmt/format.h>

#include <algorithm>

#include "controls/controls.h"
#include "controls/limits.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"OWASP Docker Top 10", "D07"}, {"OWASP Docker Cheat Sheet", "RULE #7"}, {"CIS Docker 1.6.0", "5.11"}};
constexpr std::string_view limit_at = "/linux/resources/memory/limit";
constexpr std::string_view swap_at = "/linux/resources/memory/swap";
constexpr std::string_view reservation_at = "/linux/resources/memory/reservation";
constexpr std::string_view oom_killer_at = "/linux/resources/memory/disableOOMKiller";
constexpr std::string_view owns[] = {limit_at, swap_at, reservation_at, oom_killer_at};

struct Memory {  // bytes; negative: unlimited; nothing: not set
  std::optional<std::int64_t> limit, swap, reservation;
  std::uint64_t max = 0;
  bool update = false;

  [[nodiscard]] bool excessive() const { return limit && beyond(*limit, max); }
  // Docker and Podman add a swap of as much again to every limit ("--memory 1g" alone gives a swap value of 2g). A
  // limit of our own counts as one asked for at create: judged again, it is in the spec. `in_force`: bytes.
  [[nodiscard]] bool swap_is_default(std::int64_t in_force) const {
    return swap && (limit || !update) && *swap / 2 == in_force && *swap % 2 == 0;
  }
  [[nodiscard]] std::string subject() const { return "memory=" + size_text(*limit); }
};

// What a container gets that asks for no limit: never more than the machine has, nor than the memory and swap it asks
// for.
std::optional<std::int64_t> fallback(const Memory& memory, const Policy& policy, const Facts& facts) {
  std::uint64_t bytes = fallback_of(policy.profile.limits.memory);
  if (facts.memory_total != 0) bytes = std::min(bytes, facts.memory_total);
  if (memory.swap && *memory.swap > 0) bytes = std::min(bytes, static_cast<std::uint64_t>(*memory.swap));
  return bytes == 0 ? std::nullopt : std::optional(saturated(bytes));
}

// Returns the limit in force once the findings are applied.
std::optional<std::int64_t> judge_limit(Verdict& verdict, const Memory& memory, const Policy& policy,
                                        const Facts& facts) {
  if (memory.excessive()) {
    verdict.excess(std::string(limit_at), saturated(memory.max),
                   fmt::format("a memory limit of {} is above {}, the most of profile \"{}\"", size_text(*memory.limit),
                               size_text(saturated(memory.max)), policy.profile.name),
                   memory.subject(), raise_max("memory"));
    return saturated(memory.max);
  }
  if (memory.limit) return memory.limit;
  if (memory.update) return asked(facts.granted_resources, "/memory/limit");
  const auto bytes = fallback(memory, policy, facts);
  if (bytes)
    verdict.tighten(std::string(limit_at), *bytes, "without a limit one container can exhaust the host's memory");
  return bytes;
}

// A limit that is too high and the swap that belongs to it must share one fate: were only one of them waived, the swap
// value would end below the limit, which the kernel refuses. So both findings carry the same subject.
void judge_swap_of_excess(Verdict& verdict, const Memory& memory, bool wanted) {
  const std::int64_t most = saturated(memory.max);
  if (memory.swap ? *memory.swap == most : !wanted) return;
  const bool more = memory.swap && *memory.limit > 0 && (*memory.swap < 0 || *memory.swap / 2 > *memory.limit);
  if (more) {
    verdict.refuse(std::string(swap_at),
                   fmt::format("swap beyond the memory limit was asked for ({})", size_text(*memory.swap)),
                   "swap=" + size_text(*memory.swap));
  } else {
    verdict.excess(std::string(swap_at), most, "the swap that belongs to that memory limit", memory.subject(),
                   raise_max("memory"));
  }
}

// `limit` is the limit in force, `wanted` whether a missing swap value must be added.
void judge_swap(Verdict& verdict, const Memory& memory, std::int64_t limit, bool wanted) {
  if (!memory.swap) {
    if (wanted)
      verdict.tighten(std::string(swap_at), limit, "memory and swap together must not exceed the memory limit");
  } else if (memory.swap_is_default(limit)) {
    verdict.tighten(std::string(swap_at), limit, "the engine's own default doubles the memory limit by swap");
  } else if (*memory.swap < 0 || *memory.swap > limit) {
    verdict.excess(std::string(swap_at), limit,
                   fmt::format("swap beyond the memory limit was asked for ({})", size_text(*memory.swap)),
                   "swap=" + size_text(*memory.swap));
  }
}

// On cgroup v2 a reservation is memory.low, which shields the container from reclaim at its neighbours' expense.
void judge_reservation(Verdict& verdict, const Memory& memory, std::int64_t limit) {
  if (!memory.reservation || (*memory.reservation > 0 && *memory.reservation <= limit)) return;
  if (beyond(*memory.reservation, memory.max)) {
    verdict.excess(std::string(reservation_at), limit,
                   fmt::format("a memory reservation of {} is above the memory limit", size_text(*memory.reservation)),
                   "reservation=" + size_text(*memory.reservation), raise_max("memory"));
  } else {
    verdict.tighten(std::string(reservation_at), limit, "a reservation cannot be above the memory limit");
  }
}

// Docker names every field on update, and 0 in it means "unchanged": runc skips it, but crun writes it to the kernel,
// which then must take everything away from the container and fails (EBUSY).
void drop_unchanged(Verdict& verdict, const Memory& memory, bool swap_follows) {
  constexpr const char* reason = "0 means unchanged; crun reads it as a limit";
  if (!memory.limit) verdict.tighten(std::string(limit_at), std::nullopt, reason);
  if (!memory.swap && !swap_follows) verdict.tighten(std::string(swap_at), std::nullopt, reason);
  if (!memory.reservation) verdict.tighten(std::string(reservation_at), std::nullopt, reason);
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const Memory memory{asked(spec, limit_at), asked(spec, swap_at), asked(spec, reservation_at),
                      policy.profile.limits.memory.max, facts.operation == host::Operation::update};
  const auto limit = judge_limit(verdict, memory, policy, facts);
  // A stored swap value moves with the limit: `docker update -m` of more than it would fail, of less would leave swap.
  const bool wanted =
      memory.update ? memory.limit && asked(facts.granted_resources, "/memory/swap") : facts.swap_accounting;
  if (memory.update) drop_unchanged(verdict, memory, wanted);
  if (memory.excessive()) {
    judge_swap_of_excess(verdict, memory, wanted);
  } else if (limit && *limit > 0) {
    judge_swap(verdict, memory, *limit, wanted);
  }
  if (limit && *limit > 0) judge_reservation(verdict, memory, *limit);
  // cgroup v1: a task at its limit then sleeps uninterruptibly inside the kernel, holding the locks it has.
  if (spec.is_true(oom_killer_at))
    verdict.excess(std::string(oom_killer_at), false, "switching off the OOM killer was asked for", "disableOOMKiller");
  return verdict;
}

}  // namespace

const Control memory = {.id = "memory",
                        .title = "Memory is limited, and swap does not extend it",
                        .rationale = "One container that allocates without end takes the host and its neighbours down.",
                        .references = references,
                        .owns = owns,
                        .evaluate = evaluate};

}  // namespace hardened::controls
