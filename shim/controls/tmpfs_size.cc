// Fields: /mounts/*/options (size, nr_blocks) of every tmpfs. Allowed: a size in bytes up to limits.shm.max for
// /dev/shm and limits.tmpfs.max for all others.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "controls/bind_source.h"
#include "controls/controls.h"
#include "controls/mounts.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D07"}, {"OWASP Docker Cheat Sheet", "RULE #7"}};
constexpr std::string_view owns[] = {"/mounts/*/options/size", "/mounts/*/options/nr_blocks"};

using Limit = policy::Limit<std::uint64_t>;

// What engines give a /dev/shm nobody asked about: Docker 64 MiB, Podman 65536000.
constexpr std::uint64_t engine_sizes[] = {std::uint64_t{64} << 20, 65536000};

// tmpfs(5), as the kernel's memparse() reads it; nothing for per cent of the memory, other bases and nonsense.
std::optional<std::uint64_t> tmpfs_bytes(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  if (suffix.empty()) return value;
  constexpr std::string_view suffixes = "kmgtpeKMGTPE";
  const std::size_t found = suffixes.find(suffix.front());
  if (suffix.size() != 1 || found == std::string_view::npos) return std::nullopt;
  const std::size_t shift = 10 * (found % 6 + 1);
  if (value > std::numeric_limits<std::uint64_t>::max() >> shift) return std::nullopt;
  return value << shift;
}

std::vector<std::string> sizes_of(const MountView& mount) {
  std::vector<std::string> result;
  for (const std::string& option : mount.options) {
    if (option == "size" || option.rfind("size=", 0) == 0) result.push_back(option.substr(option.find('=') + 1));
  }
  return result;
}

bool is_engine_default(const MountView& mount, std::uint64_t bytes) {
  if (mount.destination == "/dev") return true;
  return mount.destination == "/dev/shm" &&
         std::find(std::begin(engine_sizes), std::end(engine_sizes), bytes) != std::end(engine_sizes);
}

std::string size_option(std::uint64_t bytes) {
  return fmt::format("size={}", bytes);
}

void judge_size(Verdict& verdict, const MountView& mount, const Limit& limit, const std::vector<std::string>& sizes) {
  const std::optional<std::uint64_t> bytes = tmpfs_bytes(sizes.back());
  // Zero is "without limit". Of several sizes the last one holds, but no engine writes two.
  if (sizes.size() == 1 && bytes && *bytes != 0 && *bytes <= limit.max) return;
  const std::string pointer = mount.option("size");
  if (sizes.size() == 1 && bytes && is_engine_default(mount, *bytes)) {
    verdict.tighten(pointer, size_option(limit.max), "a tmpfs is memory: above the maximum of the profile");
    return;
  }
  verdict.excess(
      pointer, size_option(limit.max),
      fmt::format("the tmpfs at {} has the size {}, the profile allows {} (a number of bytes, or with k, m or g)",
                  in_quotes(mount.spelled), in_quotes(join(sizes, ", ")), format_size(limit.max)),
      fmt::format("{}:size={}", mount.spelled, sizes.back()));
}

void judge_mount(Verdict& verdict, const MountView& mount, const Limit& limit) {
  if (limit.max == 0) return;  // the profile sets none
  const std::vector<std::string> sizes = sizes_of(mount);
  if (!sizes.empty()) judge_size(verdict, mount, limit, sizes);
  if (mount.sets("nr_blocks")) {
    const std::optional<Json> clamped = sizes.empty() ? std::optional<Json>(size_option(limit.max)) : std::nullopt;
    verdict.excess(mount.option("nr_blocks"), clamped,
                   fmt::format("the tmpfs at {} is sized by \"nr_blocks\"", in_quotes(mount.spelled)),
                   fmt::format("{}:nr_blocks", mount.spelled), "say \"size\" instead");
  } else if (sizes.empty()) {
    const std::uint64_t fallback = limit.fallback == 0 ? limit.max : std::min(limit.fallback, limit.max);
    verdict.tighten(mount.option("size"), size_option(fallback), "a tmpfs without a size may take half of the memory");
  }
}

// A volume of the local driver with "type=tmpfs" is memory as well, and stays when its containers are gone.
void judge_volume(Verdict& verdict, const MountView& mount, const Limit& limit, const Facts& facts) {
  const host::PathFact* source = source_fact(mount, facts);
  if (source == nullptr || limit.max == 0 || source->capacity <= limit.max || mount.read_only()) return;
  if (!is_engine_owned(mount, source->resolved, facts)) return;
  verdict.refuse(mount.pointer(),
                 fmt::format("the volume at {} is memory ({}) beyond the {} the profile allows",
                             in_quotes(mount.spelled), source->file_system, format_size(limit.max)),
                 mount.source, "give the volume a smaller size (-o o=size=…), or mount it read-only");
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const policy::Limits& limits = policy.profile.limits;
  for (const MountView& mount : mounts_of(spec)) {
    const Limit& limit = mount.destination == "/dev/shm" ? limits.shm : limits.tmpfs;
    if (mount.bind) judge_volume(verdict, mount, limit, facts);
    if (!mount.bind && mount.type == "tmpfs") judge_mount(verdict, mount, limit);
  }
  return verdict;
}

}  // namespace

const Control tmpfs_size = {
    .id = "tmpfs-size",
    .title = "Every tmpfs has a size within the profile",
    .rationale = "A tmpfs is the host's memory: a container fills it with dd and the host starts killing processes.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
