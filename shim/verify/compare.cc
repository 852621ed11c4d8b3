#include "verify/compare.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>

#include "controls/limits.h"
#include "kernel/capability_names.h"
#include "oci/spec.h"
#include "util/text.h"
#include "verify/filter.h"

namespace hardened::verify {
namespace {

struct Case {
  const state::Grant& grant;
  const Spec spec;  // {"process": …, "resources": …, "profile": …}
  const ContainerView& view;
  const Outside& outside;
};

using Messages = std::vector<std::string>;

// Messages of a rule that holds for each process, the name of any but the first in front.
template <typename Rule>
Messages of_each(const Case& it, Rule rule) {
  Messages messages = rule(it.view.init);
  for (const ProcessView& process : it.view.others) {
    for (const std::string& message : rule(process))
      messages.push_back(fmt::format("process {} ({}): {}", process.pid, in_quotes(process.name), message));
  }
  return messages;
}

std::uint64_t mask_of(const std::vector<std::string>& names) {
  std::uint64_t mask = 0;
  const auto known = kernel::capability_names();
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (std::find(names.begin(), names.end(), known[i]) != names.end()) mask |= std::uint64_t{1} << i;
  }
  return mask;
}

std::string names_in(std::uint64_t mask) {
  std::vector<std::string> names;
  const auto known = kernel::capability_names();
  for (std::size_t i = 0; i < known.size(); ++i) {
    if ((mask >> i & 1U) != 0) names.push_back(known[i]);
  }
  return join(names, ", ");
}

// Root gets its bounding set at execve(2): every set is held to what the bounding one was granted, the inheritable and
// ambient ones, which nobody fills by accident, to their own.
Messages capabilities(const Case& it) {
  return of_each(it, [&](const ProcessView& process) {
    Messages messages;
    for (const auto& [set, held] : process.capabilities) {
      const bool own = set == "inheritable" || set == "ambient";
      const auto granted = it.spec.strings("/process/capabilities/" + (own ? set : std::string("bounding")));
      const std::uint64_t excess = held & ~mask_of(granted);
      if (excess != 0) messages.push_back(fmt::format("its {} set holds {}", set, names_in(excess)));
    }
    return messages;
  });
}

Messages no_new_privileges(const Case& it) {
  if (!it.spec.is_true("/process/noNewPrivileges")) return {};
  return of_each(it, [](const ProcessView& process) {
    return process.no_new_privileges ? Messages{} : Messages{"no_new_privs is not set"};
  });
}

Messages seccomp(const Case& it) {
  Messages messages = of_each(it, [](const ProcessView& process) {
    return process.seccomp_filter ? Messages{} : Messages{"no seccomp filter is in force"};
  });
  const auto& programs = it.view.seccomp_programs;
  if (!programs || !messages.empty()) return messages;
  // What cannot be told was not kept: else a container would only have to keep us from looking.
  if (!*programs) return {"what its filter lets pass cannot be told: " + programs->error().message};
  auto beyond = allowed_beyond(it.grant, **programs, it.outside.facts);
  if (!beyond) return messages.push_back(std::move(beyond).error().message), messages;
  if (beyond->empty()) return messages;
  constexpr std::size_t shown = 5;
  const std::size_t rest = beyond->size() - std::min(beyond->size(), shown);
  beyond->resize(beyond->size() - rest);
  messages.push_back(fmt::format("its filter passes calls, or arguments, that its profile does not: {}{}",
                                 join(*beyond, ", "), rest == 0 ? "" : fmt::format(" and {} more", rest)));
  return messages;
}

Messages user_namespace(const Case& it) {
  if (it.grant.ids.size == 0) return {};
  const std::string uids = fmt::format("0 {} {}", it.grant.ids.uid, it.grant.ids.size);
  const std::string gids = fmt::format("0 {} {}", it.grant.ids.gid, it.grant.ids.size);
  return of_each(it, [&](const ProcessView& process) {
    Messages messages;
    if (process.uid_map != uids || process.gid_map != gids)
      messages.push_back(fmt::format("its users are those of {}, granted were those of {}", in_quotes(process.uid_map),
                                     in_quotes(uids)));
    for (const std::uint64_t uid : process.uids) {
      if (uid < it.grant.ids.uid || uid - it.grant.ids.uid >= it.grant.ids.size)
        return messages.push_back(fmt::format("it runs as the host's uid {}", uid)), messages;
    }
    return messages;
  });
}

// The kernel's name, and the runtime-spec's.
constexpr std::pair<const char*, const char*> namespace_names[] = {
    {"cgroup", "cgroup"}, {"ipc", "ipc"}, {"mnt", "mount"}, {"net", "network"}, {"pid", "pid"}, {"uts", "uts"}};

Messages host_namespaces(const Case& it) {
  const std::vector<std::string> shared = it.spec.strings("/profile/namespaces");
  return of_each(it, [&](const ProcessView& process) {
    Messages messages;
    const auto& host = it.outside.namespaces;
    for (const auto& [name, word] : namespace_names) {
      const auto own = process.namespaces.find(name);
      const auto outside = host.find(name);
      const bool allowed = std::find(shared.begin(), shared.end(), word) != shared.end();
      if (!allowed && own != process.namespaces.end() && outside != host.end() && own->second == outside->second)
        messages.push_back(fmt::format("its {} namespace is the host's", word));
    }
    return messages;
  });
}

std::string uncovered(const std::string& path) {
  return fmt::format("nothing is mounted over {} any more", path);
}

Messages must_be_read_only(const Case& it, const std::string& path) {
  const auto mount = it.view.mounts.find(path);
  if (mount == it.view.mounts.end()) return {uncovered(path)};
  return mount->second ? Messages{} : Messages{fmt::format("{} can be written to", path)};
}

Messages read_only_rootfs(const Case& it) {
  return it.spec.text("/profile/rootfs") == "read-only" ? must_be_read_only(it, "/") : Messages{};
}

Messages masked_paths(const Case& it) {
  Messages messages;
  for (const std::string& path : it.view.masked_paths) {
    if (!it.view.mounts.contains(path)) messages.push_back(uncovered(path));
  }
  for (const std::string& path : it.view.read_only_paths) {
    for (std::string& message : must_be_read_only(it, path)) messages.push_back(std::move(message));
  }
  return messages;
}

std::string shown(const std::optional<std::uint64_t>& limit) {
  return limit && *limit != CgroupView::unlimited ? std::to_string(*limit) : "none";
}

// A limit of 0 or below is none, in the spec and in the grant.
Messages limit(const Case& it, const char* pointer, const std::optional<std::uint64_t>& actual, const char* what) {
  const auto granted = it.spec.integer(pointer);
  if (!granted || *granted <= 0) return {};
  if (actual && *actual <= static_cast<std::uint64_t>(*granted)) return {};
  return {fmt::format("the limit of {} is {}, granted were {}", what, shown(actual), *granted)};
}

Messages pids(const Case& it) {
  return limit(it, "/resources/pids/limit", it.view.cgroup.pids, "processes");
}

// Swap limits need swap accounting, which a kernel may lack; what it cannot enforce was granted by nobody.
Messages memory(const Case& it) {
  Messages messages = limit(it, "/resources/memory/limit", it.view.cgroup.memory, "memory");
  if (it.view.cgroup.memory_and_swap) {
    for (std::string& message : limit(it, "/resources/memory/swap", it.view.cgroup.memory_and_swap, "memory and swap"))
      messages.push_back(std::move(message));
  }
  return messages;
}

Messages cpu(const Case& it) {
  const auto granted = controls::cores_of(it.spec.elements("/resources"));
  if (!granted || *granted <= 0) return {};
  constexpr double rounding = 0.001;
  if (it.view.cgroup.cpus && *it.view.cgroup.cpus <= *granted + rounding) return {};
  return {fmt::format("{} cpus can be used, granted were {}",
                      it.view.cgroup.cpus ? fmt::format("{:.2f}", *it.view.cgroup.cpus) : "all", *granted)};
}

Messages devices(const Case& it) {
  return it.view.cgroup.every_device ? Messages{"its cgroup may open every device"} : Messages{};
}

Messages process_knobs(const Case& it) {
  const auto granted = it.spec.integer("/process/oomScoreAdj");
  if (!granted || it.view.oom_score_adj >= *granted) return {};
  return {fmt::format("its oom_score_adj is {}, granted was {}", it.view.oom_score_adj, *granted)};
}

std::string shown(std::uint64_t value) {
  return value == RLIM_INFINITY ? "none" : std::to_string(value);
}

Messages rlimits(const Case& it) {
  return of_each(it, [&](const ProcessView& process) {
    Messages messages;
    for (const Json& element : it.spec.elements("/process/rlimits")) {
      const Spec granted(element);
      const auto actual = process.rlimits.find(granted.text("/type").value_or(""));
      const auto hard = static_cast<std::uint64_t>(granted.integer("/hard").value_or(0));
      if (actual != process.rlimits.end() && actual->second.hard > hard)
        messages.push_back(fmt::format("{} is {}, granted was {}", actual->first, shown(actual->second.hard), hard));
    }
    return messages;
  });
}

// "docker-default (enforce)" of AppArmor; SELinux has the label alone.
Messages apparmor(const Case& it) {
  const auto granted = it.spec.text("/process/apparmorProfile");
  if (!granted || granted->empty() || it.view.security_label == *granted + " (enforce)") return {};
  return {fmt::format("its AppArmor profile is {}, granted was {}", in_quotes(it.view.security_label),
                      in_quotes(*granted))};
}

Messages selinux(const Case& it) {
  const auto granted = it.spec.text("/process/selinuxLabel");
  if (!granted || granted->empty() || it.view.security_label == *granted) return {};
  return {
      fmt::format("its SELinux label is {}, granted was {}", in_quotes(it.view.security_label), in_quotes(*granted))};
}

struct Row {
  std::string_view control;
  Messages (*weaknesses)(const Case&);
  // The grant holds what was given, waivers included; else a waiver takes the whole promise back.
  bool told_by_grant = true;
  // Who lets a container open a device is a program in cgroup version 2, which cannot be read.
  bool on_every_host = true;
};

constexpr Row rows[] = {{"capabilities", capabilities},
                        {"no-new-privileges", no_new_privileges},
                        {"seccomp", seccomp, false},
                        {"apparmor", apparmor},
                        {"selinux", selinux},
                        {"user-namespace", user_namespace},
                        {"host-namespaces", host_namespaces, false},
                        {"read-only-rootfs", read_only_rootfs, false},
                        {"masked-paths", masked_paths, false},
                        {"devices", devices, false, false},
                        {"pids", pids},
                        {"memory", memory},
                        {"cpu", cpu},
                        {"rlimits", rlimits},
                        {"process-knobs", process_knobs}};

// What is only warned of, or off, was not promised.
bool promised(const state::Grant& grant, const Row& row) {
  const auto level = grant.levels.find(row.control);
  if (level != grant.levels.end() && level->second != policy::Level::enforce && level->second != policy::Level::clamp)
    return false;
  return row.told_by_grant || std::none_of(grant.waivers.begin(), grant.waivers.end(),
                                           [&](const policy::Waiver& waiver) { return waiver.control == row.control; });
}

}  // namespace

std::span<const std::string_view> read_from_the_kernel() {
  static const auto ids = [] {
    std::vector<std::string_view> all;
    for (const Row& row : rows) {
      if (row.on_every_host) all.push_back(row.control);
    }
    return all;
  }();
  return ids;
}

std::vector<Weakness> compare(const state::Grant& grant, const ContainerView& view, const Outside& outside) {
  if (grant.mode != policy::Mode::enforce) return {};
  Json document = Json::object();
  document["process"] = grant.process;
  document["resources"] = grant.resources;
  if (!grant.raised.is_null()) document["resources"].merge_patch(grant.raised);
  document["profile"] = grant.profile;
  const Case it{grant, Spec(std::move(document)), view, outside};
  std::vector<Weakness> weaknesses;
  for (const Row& row : rows) {
    if (!promised(grant, row)) continue;
    for (std::string& message : row.weaknesses(it)) weaknesses.push_back({row.control, std::move(message)});
  }
  return weaknesses;
}

}  // namespace hardened::verify
