#include "generate/merge.h"

#include <fmt/format.h>

#include <algorithm>

#include "controls/seccomp_groups.h"
#include "controls/writable_paths.h"
#include "generate/limits.h"
#include "generate/system_calls.h"
#include "generate/warnings.h"
#include "generate/writable.h"
#include "util/text.h"

namespace hardened::generate {
namespace {

struct Merge {
  const Profile& profile;
  const Evidence& evidence;
  Merged& merged;

  Json& document() { return merged.draft.document; }
  void change(const std::string& pointer, std::string what) {
    if (!pointer.empty()) merged.draft.comments[pointer] = "new";
    merged.changes.push_back(std::move(what));
  }
};

// The calls that the profile names in "allow" and not in "deny"; what a capability locks stays so whatever is merged.
std::set<std::string> named_calls(const policy::Seccomp& seccomp) {
  std::set<std::string> calls;
  for (const std::string& token : seccomp.allow) {
    for (const std::string_view call : controls::expand_group(token, true)) calls.emplace(call);
  }
  for (const std::string& token : seccomp.deny) {
    for (const std::string_view call : controls::expand_group(token, true)) calls.erase(std::string(call));
  }
  return calls;
}

// `values` and `more`, sorted where `values` were; with "new" behind what is.
void extend(Merge& merge, const std::string& pointer, std::vector<std::string> values,
            const std::set<std::string>& more) {
  const bool was_sorted = std::is_sorted(values.begin(), values.end());
  values.insert(values.end(), more.begin(), more.end());
  if (was_sorted) std::sort(values.begin(), values.end());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (more.contains(values[i])) merge.merged.draft.comments[fmt::format("{}/{}", pointer, i)] = "new";
  }
  merge.document()[Json::json_pointer(pointer)] = values;
}

void merge_calls(Merge& merge, const policy::Known& known) {
  const policy::Seccomp& seccomp = merge.profile.seccomp;
  const std::set<std::string> there = named_calls(seccomp);
  std::set<std::string> more = needed_calls(merge.evidence, known);
  std::erase_if(more, [&there](const std::string& call) { return there.contains(call); });
  for (const std::string& call : more) merge.change({}, "allows the call " + call);
  const auto deny = denied_without(seccomp.deny, more, known);
  if (deny != seccomp.deny) merge.document()["seccomp"]["deny"] = deny;
  std::erase_if(more, [&seccomp](const std::string& call) {
    return std::find(seccomp.allow.begin(), seccomp.allow.end(), call) != seccomp.allow.end();
  });
  if (!more.empty()) extend(merge, "/seccomp/allow", seccomp.allow, more);
  if (needs_compat(merge.evidence) && !seccomp.compat_architectures) {
    merge.document()["seccomp"]["compat_architectures"] = true;
    merge.change("/seccomp/compat_architectures", "allows 32-bit programs");
  }
}

void merge_families(Merge& merge) {
  std::set<std::string> more = socket_families(merge.evidence).value_or(std::set<std::string>());
  const auto& there = merge.profile.seccomp.socket_families;
  std::erase_if(more, [&there](const std::string& family) {
    return std::find(there.begin(), there.end(), family) != there.end();
  });
  for (const std::string& family : more) merge.change({}, "allows sockets of " + family);
  if (!more.empty()) extend(merge, "/seccomp/socket_families", there, more);
}

void merge_capabilities(Merge& merge, const policy::Known& known) {
  const auto& there = merge.profile.capabilities;
  std::set<std::string> more = needed_capabilities(merge.evidence, known);
  std::erase_if(more, [&there](const std::string& capability) {
    return std::find(there.begin(), there.end(), capability) != there.end();
  });
  for (const std::string& capability : more) merge.change({}, "grants " + capability);
  if (!more.empty()) extend(merge, "/capabilities", there, more);
}

Json rows_of(const std::vector<policy::Writable>& directories) {
  Json rows = Json::array();
  for (const policy::Writable& directory : directories)
    rows.push_back({{"path", directory.path}, {"size", format_size(directory.size)}});
  return rows;
}

// A directory is covered by one above it that is large enough for what was written.
void merge_writable(Merge& merge, const WritablePlan& plan) {
  if (merge.profile.rootfs != policy::Rootfs::read_only) return;
  std::vector<policy::Writable> directories = merge.profile.writable;
  const std::size_t before = merge.merged.changes.size();
  for (const WritableDirectory& wanted : plan.directories) {
    const auto found = std::find_if(directories.begin(), directories.end(), [&wanted](const policy::Writable& there) {
      return is_within(wanted.path, there.path);
    });
    if (found == directories.end()) {
      merge.change(fmt::format("/writable/{}", directories.size()), "makes " + in_comment(wanted.path) + " writable");
      directories.push_back({wanted.path, wanted.size});
    } else if (wanted.bytes > found->size) {
      found->size = wanted.size;
      merge.change(fmt::format("/writable/{}", found - directories.begin()),
                   fmt::format("lets {} grow to {}", in_comment(found->path), format_size(wanted.size)));
    }
  }
  if (merge.merged.changes.size() == before) return;
  merge.document()["writable"] = rows_of(directories);
  std::uint64_t largest = 0;
  for (const policy::Writable& directory : directories) largest = std::max(largest, directory.size);
  if (largest > merge.profile.limits.tmpfs.max) merge.document()["limits"]["tmpfs"]["max"] = format_size(largest);
}

// A limit changes when the peak reaches it; then it gets its headroom anew.
void merge_limits(Merge& merge, const WritablePlan& plan) {
  Draft fresh;
  add_limits(merge.evidence, plan, merge.profile.limits, fresh);
  const policy::Limits& there = merge.profile.limits;
  const Peaks& peaks = merge.evidence.peaks;
  struct Row {
    const char* name;
    bool is_reached;
  };
  const Row rows[] = {{"memory", peaks.memory.value_or(0) > there.memory.fallback},
                      {"pids", peaks.pids.value_or(0) > there.pids.fallback}};
  for (const Row& row : rows) {
    if (!row.is_reached) continue;
    merge.document()["limits"][row.name] = fresh.document["limits"][row.name];
    merge.change(std::string("/limits/") + row.name, fmt::format("raises the limit of {}", row.name));
  }
}

std::vector<std::string> denied(const Profile& profile, const WritablePlan& plan) {
  std::vector<std::string> sentences;
  if (profile.rootfs != policy::Rootfs::read_only) return sentences;
  for (const auto& [path, why] : plan.unhelped)
    sentences.push_back(fmt::format("{} was written, and no tmpfs helps there: {}", in_comment(path), why));
  return sentences;
}

std::vector<std::string> untold(const Evidence& evidence) {
  std::vector<std::string> sentences;
  for (const Run& run : evidence.runs) {
    if (!run.capabilities)
      sentences.push_back(fmt::format("run {} does not tell which capabilities were used{}", run.run,
                                      run.tier == "bpf" ? "" : ", nor arguments"));
  }
  return sentences;
}

// The lines of the comment at the very top.
std::vector<std::string> top_comment(std::string_view text) {
  std::vector<std::string> lines;
  while (text.starts_with("//")) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(2, end - 2);
    if (line.starts_with(' ')) line.remove_prefix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Merged merge(const policy::Document& base, const Profile& profile, const Evidence& evidence,
             const policy::Known& known) {
  Merged merged;
  merged.draft.document = base.value;
  Merge merge{profile, evidence, merged};
  const WritablePlan plan = plan_writable(evidence.writes, controls::writable_places({}));
  merge_calls(merge, known);
  merge_families(merge);
  merge_capabilities(merge, known);
  merge_writable(merge, plan);
  merge_limits(merge, plan);
  merged.denied = denied(profile, plan);
  merged.untold = untold(evidence);
  merged.draft.warnings = warnings_of(evidence, plan, known);
  merged.draft.header = top_comment(base.text);
  if (merged.changes.empty()) return merged;
  for (const Run& run : evidence.runs) {
    merged.draft.header.push_back(
        fmt::format("merged    {} {}, sha256 {}", run.run, run.started, evidence.digests.at(run.file)));
  }
  return merged;
}

}  // namespace hardened::generate
