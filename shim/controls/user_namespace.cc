// Fields: /linux/uidMappings, gidMappings (the namespace itself is host-namespaces' to add); read: /process/user,
// /mounts/*/options.
// Allowed: the ids claimed for this container, and an engine's own mapping that does not reach the host's root.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "controls/controls.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {{"OWASP Docker Top 10", "D01"}, {"OWASP Docker Cheat Sheet", "RULE #2"},
                                    {"CIS Docker 1.6.0", "2.9"},    {"CIS Docker 1.6.0", "5.24"},
                                    {"CIS Docker 1.6.0", "5.31"},   {"CVE", "CVE-2019-5736"}};
constexpr std::string_view owns[] = {"/linux/uidMappings", "/linux/gidMappings"};

bool has_user_namespace(const Spec& spec) {
  const Json& namespaces = spec.elements("/linux/namespaces");
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [](const Json& entry) { return oci::text(entry, "/type") == "user"; });
}

// A daemon-wide remap, a rootless engine or a Kubernetes pod brings a mapping of its own.
void judge_given(Verdict& verdict, const Spec& spec) {
  for (const std::string_view pointer : owns) {
    for (const Json& mapping : spec.elements(pointer)) {
      const Json* host = oci::find(mapping, "/hostID");
      if (host == nullptr || *host != 0) continue;
      verdict.refuse(std::string(pointer), "the user namespace maps ids of the container to root of the host", "0",
                     "leave the mapping out, or map other ids");
    }
  }
}

Json mapping(std::uint32_t first, std::uint32_t size) {
  return Json::array({{{"containerID", 0}, {"hostID", first}, {"size", size}}});
}

// An id beyond the mapping has no number on the host: the runtime would fail with EINVAL and no further word.
void judge_id(Verdict& verdict, const std::string& pointer, std::int64_t id, std::uint32_t size) {
  if (id < 0 || id < std::int64_t{size}) return;
  verdict.refuse(pointer, fmt::format("id {} is not among the container's {} ids", id, size), std::to_string(id),
                 fmt::format("run it with ids below {}, or raise \"size\" in \"user_namespace\" of the profile", size));
}

void judge_process(Verdict& verdict, const Spec& spec, std::uint32_t size) {
  for (const char* pointer : {"/process/user/uid", "/process/user/gid"})
    judge_id(verdict, pointer, spec.integer(pointer).value_or(0), size);
  const std::size_t groups = spec.elements("/process/user/additionalGids").size();
  for (std::size_t i = 0; i < groups; ++i) {
    const std::string pointer = fmt::format("/process/user/additionalGids/{}", i);
    judge_id(verdict, pointer, spec.integer(pointer).value_or(0), size);
  }
}

// The owner of a tmpfs: the kernel refuses to mount it, with EINVAL and no further word.
void judge_mounts(Verdict& verdict, const Spec& spec, std::uint32_t size) {
  const Json& mounts = spec.elements("/mounts");
  for (std::size_t i = 0; i < mounts.size(); ++i) {
    const Json* options = oci::find(mounts[i], "/options");
    if (options == nullptr || !options->is_array()) continue;
    for (const Json& option : *options) {
      const std::string text = option.is_string() ? option.get<std::string>() : std::string();
      if (!text.starts_with("uid=") && !text.starts_with("gid=")) continue;
      // As the kernel reads it: octal and hexadecimal, too (fs_parser.c, fs_param_is_u32).
      const auto id = std::min<unsigned long long>(std::strtoull(text.c_str() + 4, nullptr, 0), INT64_MAX);
      judge_id(verdict, fmt::format("/mounts/{}/options", i), static_cast<std::int64_t>(id), size);
    }
  }
}

// The host's root owns every user namespace made below it, and the kernel gives the owner all capabilities there
// (user_namespaces(7)): in the network or among the processes of such a container, no set of capabilities would bind
// it.
void judge_stranger(Verdict& verdict, const Facts& facts) {
  const std::string& why = facts.no_user_namespace;
  verdict.refuse("/linux/uidMappings",
                 fmt::format("it joins a container that has users of its own, and cannot be one of them: {}",
                             why.empty() ? "its profile has the host's users" : why),
                 facts.joined_user_namespace,
                 "join the namespaces of one container only, by a profile with a private user namespace");
}

void judge_lack(Verdict& verdict, const Policy& policy, const Facts& facts) {
  const std::string& why = facts.no_user_namespace;
  const std::string reason = fmt::format("no user namespace of its own: {}", why.empty() ? "none was prepared" : why);
  if (policy.profile.user_namespace.may_lack) {
    verdict.notice("/linux/uidMappings", reason, "none");
  } else {
    verdict.refuse("/linux/uidMappings", reason, "none",
                   "mend that, or set \"unavailable\" to \"host\" in \"user_namespace\" of the profile");
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  const kernel::IdMapping& ids = facts.ids;
  if (ids.size != 0) judge_process(verdict, spec, ids.size);
  if (facts.operation != host::Operation::create) return verdict;
  if (ids.size != 0) {
    judge_mounts(verdict, spec, ids.size);
    const std::string reason = "root in the container is nobody on the host";
    verdict.tighten("/linux/uidMappings", mapping(ids.uid, ids.size), reason);
    verdict.tighten("/linux/gidMappings", mapping(ids.gid, ids.size), reason);
  } else if (has_user_namespace(spec)) {
    judge_given(verdict, spec);
  } else if (!facts.joined_user_namespace.empty()) {
    judge_stranger(verdict, facts);
  } else if (policy.profile.user_namespace.own) {
    judge_lack(verdict, policy, facts);
  }
  return verdict;
}

}  // namespace

const Control user_namespace = {.id = "user-namespace",
                                .title = "Users in a container are nobody on the host",
                                .rationale =
                                    "Root in a container that shares the host's users is root on the host after any "
                                    "escape, and owns every file a bind mount shows it.",
                                .references = references,
                                .owns = owns,
                                .evaluate = evaluate,
                                .on_every_operation = true};

}  // namespace hardened::controls
