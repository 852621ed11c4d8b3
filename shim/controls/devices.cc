// Fields: /linux/devices, /linux/resources/devices. Allowed: the devices every container has and those the profile
// names; the rules begin with "deny all" and allow nothing else.
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>

#include "controls/controls.h"
#include "util/text.h"

namespace hardened::controls {
namespace {

constexpr Reference references[] = {
    {"CIS Docker 1.6.0", "5.18"}, {"CIS Docker 1.6.0", "5.5"}, {"NIST SP 800-190", "4.5.5"}};
constexpr std::string_view owns[] = {"/linux/devices", "/linux/resources/devices"};

constexpr std::int64_t any = -1;

struct Device {
  std::string path;
  std::string type;  // "c", "b", "p", or "a" for all
  std::int64_t major_number = any;
  std::int64_t minor_number = any;
};

struct Standard {
  std::string_view path;
  std::int64_t major_number;
  std::int64_t minor_number;
};
// The runtime-spec's default devices (config-linux.md); all of type "c". Every container has its own pseudo terminals.
constexpr Standard standards[] = {{"/dev/null", 1, 3},    {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
                                  {"/dev/random", 1, 8},  {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
                                  {"/dev/console", 5, 1}, {"/dev/ptmx", 5, 2},    {"", 136, any}};

Device read_device(const Spec& spec, const std::string& pointer) {
  const std::string type = spec.text(pointer + "/type").value_or("");
  return {spec.text(pointer + "/path").value_or(""),
          type.empty()  ? "a"
          : type == "u" ? "c"
                        : type,
          spec.integer(pointer + "/major").value_or(any), spec.integer(pointer + "/minor").value_or(any)};
}

bool same_numbers(const Device& a, const Device& b) {
  return a.type == b.type && a.major_number == b.major_number && a.minor_number == b.minor_number;
}

bool is_standard(const Device& device, bool by_path) {
  return device.type == "c" &&
         std::any_of(std::begin(standards), std::end(standards), [&device, by_path](const Standard& standard) {
           return device.major_number == standard.major_number && device.minor_number == standard.minor_number &&
                  (!by_path || (!standard.path.empty() && device.path == standard.path));
         });
}

// The name alone says nothing: `--device /dev/sda:/dev/fuse` is called /dev/fuse as well. The host's node of that name
// has to be the same device.
bool is_in_profile(const Device& device, const Policy& policy, const Facts& facts) {
  const auto& names = policy.profile.devices;
  const auto names_it = [&device](const std::string& pattern) { return glob_match(pattern, device.path); };
  if (std::none_of(names.begin(), names.end(), names_it)) return false;
  const auto found = facts.paths.find(device.path);
  if (found == facts.paths.end() || !found->second.exists) return false;
  const host::PathFact& node = found->second;
  const std::string_view type = S_ISCHR(node.mode) ? "c" : S_ISBLK(node.mode) ? "b" : "";
  return device.type == type && device.major_number == static_cast<std::int64_t>(gnu_dev_major(node.node)) &&
         device.minor_number == static_cast<std::int64_t>(gnu_dev_minor(node.node));
}

std::string number(std::int64_t value) {
  return value == any ? "*" : std::to_string(value);
}

// As Docker's --device-cgroup-rule spells it.
std::string rule_text(const Device& rule, const std::string& access) {
  return fmt::format("{} {}:{} {}", rule.type, number(rule.major_number), number(rule.minor_number), access);
}

// Last to first, so that a removal moves none that are still to be removed. Returns the devices that may stay.
std::vector<Device> judge_devices(Verdict& verdict, const Spec& spec, const Policy& policy, const Facts& facts,
                                  std::vector<Device>& excess) {
  std::vector<Device> granted;
  for (std::size_t i = spec.elements("/linux/devices").size(); i-- > 0;) {
    const std::string pointer = fmt::format("/linux/devices/{}", i);
    const Device device = read_device(spec, pointer);
    const bool allowed = is_standard(device, true) || is_in_profile(device, policy, facts);
    (allowed ? granted : excess).push_back(device);
    if (allowed) continue;
    verdict.excess(
        pointer, std::nullopt,
        fmt::format("the host device {} ({} {}:{}) is not in profile \"{}\"", in_quotes(device.path), device.type,
                    number(device.major_number), number(device.minor_number), policy.profile.name),
        device.path, "to allow it, add the device to \"devices\" of the profile");
  }
  return granted;
}

bool is_granted(const Device& rule, const std::string& access, const std::vector<Device>& granted) {
  // mknod(2) alone opens nothing; runc and crun add both of these themselves.
  const bool only_mknod = access == "m" && rule.major_number == any && rule.minor_number == any;
  if (is_standard(rule, false) || (only_mknod && (rule.type == "c" || rule.type == "b"))) return true;
  return std::any_of(granted.begin(), granted.end(),
                     [&rule](const Device& device) { return same_numbers(device, rule); });
}

// A device's own rule answers to the same waiver as the device.
std::string subject_of(const Device& rule, const std::string& access, const std::vector<Device>& excess) {
  const auto device =
      std::find_if(excess.begin(), excess.end(), [&rule](const Device& other) { return same_numbers(other, rule); });
  return device == excess.end() ? rule_text(rule, access) : device->path;
}

bool denies_all(const Spec& spec, const std::string& pointer) {
  const Device rule = read_device(spec, pointer);
  const std::string access = spec.text(pointer + "/access").value_or("rwm");
  return !spec.is_true(pointer + "/allow") && rule.type == "a" && rule.major_number == any &&
         rule.minor_number == any && access.find('r') != std::string::npos && access.find('w') != std::string::npos &&
         access.find('m') != std::string::npos;
}

void judge_rules(Verdict& verdict, const Spec& spec, const std::vector<Device>& granted,
                 const std::vector<Device>& excess) {
  const std::string pointer = "/linux/resources/devices";
  const std::string why = "what no rule allows must be denied";
  const Json deny_all = {{"allow", false}, {"access", "rwm"}};
  const std::size_t count = spec.elements(pointer).size();
  if (count == 0) {
    verdict.tighten(pointer, Json::array({deny_all}), why);
    return;
  }
  for (std::size_t i = count; i-- > 0;) {
    const std::string here = fmt::format("{}/{}", pointer, i);
    if (!spec.is_true(here + "/allow")) continue;
    const Device rule = read_device(spec, here);
    const std::string access = spec.text(here + "/access").value_or("rwm");
    if (is_granted(rule, access, granted)) continue;
    verdict.excess(here, std::nullopt,
                   fmt::format("the device rule \"{}\" allows more than the profile", rule_text(rule, access)),
                   subject_of(rule, access, excess));
  }
  if (!denies_all(spec, pointer + "/0")) verdict.insert(pointer + "/0", deny_all, why);
}

// Kubernetes' engines repeat the container's own rules in each update; runc obeys none of them there.
void judge_update(Verdict& verdict, const Spec& spec) {
  const std::string pointer = "/linux/resources/devices";
  for (std::size_t i = 0; i < spec.elements(pointer).size(); ++i) {
    const std::string here = fmt::format("{}/{}", pointer, i);
    if (!spec.is_true(here + "/allow")) continue;
    const Device rule = read_device(spec, here);
    const std::string access = spec.text(here + "/access").value_or("rwm");
    if (is_granted(rule, access, {})) continue;
    verdict.refuse(pointer, fmt::format("an update brings the device rule \"{}\"", rule_text(rule, access)), "update");
    return;
  }
}

Verdict evaluate(const Spec& spec, const Policy& policy, const Facts& facts) {
  Verdict verdict(spec);
  if (facts.operation == host::Operation::update) {
    judge_update(verdict, spec);
    return verdict;
  }
  std::vector<Device> excess;
  const std::vector<Device> granted = judge_devices(verdict, spec, policy, facts, excess);
  judge_rules(verdict, spec, granted, excess);
  return verdict;
}

}  // namespace

const Control devices = {
    .id = "devices",
    .title = "No device of the host but those the profile names",
    .rationale = "With /dev/sda the container reads and writes every file of the host, whatever else holds.",
    .references = references,
    .owns = owns,
    .evaluate = evaluate};

}  // namespace hardened::controls
