#include "generate/limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "util/text.h"

namespace hardened::generate {
namespace {

constexpr std::uint64_t least_memory = std::uint64_t{64} << 20;
constexpr std::uint64_t least_pids = 32;
constexpr std::uint64_t most_pids = std::uint64_t{1} << 30;  // what a profile may say

std::uint64_t written(const WritablePlan& plan) {
  std::uint64_t bytes = 0;
  for (const WritableDirectory& directory : plan.directories) add_up(bytes, directory.bytes);
  return bytes;
}

// In training the writes went to a disk; a tmpfs counts as memory.
void add_memory(std::uint64_t peak, const WritablePlan& plan, const policy::Limits& base, Draft& draft) {
  std::uint64_t sum = peak;
  add_up(sum, written(plan));
  const std::uint64_t limit = with_headroom(sum, least_memory);
  draft.document["limits"]["memory"] = {{"default", format_size(limit)},
                                        {"max", format_size(std::max(limit, base.memory.max))}};
  draft.comments["/limits/memory"] = fmt::format("twice the peak of {} bytes and {} written", peak, written(plan));
}

void add_pids(std::uint64_t peak, const policy::Limits& base, Draft& draft) {
  const std::uint64_t limit = std::clamp(std::min(peak, most_pids) * 2, least_pids, most_pids);
  draft.document["limits"]["pids"] = {{"default", limit}, {"max", std::max(limit, base.pids.max)}};
  draft.comments["/limits/pids"] = fmt::format("twice the peak of {}", peak);
}

void add_tmpfs(const WritablePlan& plan, const policy::Limits& base, Draft& draft) {
  std::uint64_t largest = 0;
  for (const WritableDirectory& directory : plan.directories) largest = std::max(largest, directory.size);
  if (largest <= base.tmpfs.max) return;
  draft.document["limits"]["tmpfs"] = {{"max", format_size(largest)}};
  draft.comments["/limits/tmpfs"] = "the largest of \"writable\"";
}

}  // namespace

void add_limits(const Evidence& evidence, const WritablePlan& plan, const policy::Limits& base, Draft& draft) {
  if (evidence.peaks.memory) add_memory(*evidence.peaks.memory, plan, base, draft);
  if (evidence.peaks.pids) add_pids(*evidence.peaks.pids, base, draft);
  add_tmpfs(plan, base, draft);
}

}  // namespace hardened::generate
