#include "ctl/difference.h"

#include <fmt/format.h>
#include <unistd.h>

#include "ctl/dockerd.h"
#include "util/child.h"

namespace hardened::ctl {
namespace {

constexpr ChildLimits limits{std::chrono::seconds(10), std::size_t{32} << 20};

}  // namespace

std::string difference(const std::string& old_name, const std::string& before, const std::string& new_name,
                       const std::string& after) {
  if (before == after) return {};
  const auto old = memory_file(before);
  const auto input = memory_file(after);
  if (!old || !input) return after;
  const std::string old_file = fmt::format("/proc/{}/fd/{}", ::getpid(), old->get());
  const auto end = run_child("/usr/bin/diff", {"--unified", "--label", old_name, "--label", new_name, old_file, "-"},
                             input->get(), limits);
  return end && end->status && *end->status <= 1 ? end->output : after;
}

}  // namespace hardened::ctl
