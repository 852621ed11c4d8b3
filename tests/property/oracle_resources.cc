#include "oracle_case.h"

namespace hardened::property {
namespace {

// The verdict of a device rule list for one request, as cgroup v1 and runc's eBPF program give it: the last rule that
// matches; without any, denied.
bool is_other(const Json& rule, long long wanted) {
  return rule.is_number_integer() && number(rule) != -1 && number(rule) != wanted;
}

bool device_allowed(const Json& rules, const std::string& type, long long major, long long minor, char access) {
  bool allowed = false;
  if (!rules.is_array()) return true;  // no list: no restriction
  for (const Json& rule : rules) {
    const std::string kind = text(rule, "type");
    if (kind != "a" && !kind.empty() && (kind == "u" ? "c" : kind) != type) continue;
    if (is_other(at(rule, "/major"), major)) continue;
    if (is_other(at(rule, "/minor"), minor)) continue;
    const std::string modes = text(rule, "access");
    if (!modes.empty() && modes.find(access) == std::string::npos) continue;
    allowed = at(rule, "/allow") == true;
  }
  return allowed;
}

void check_memory(const Case& c) {
  const auto& limits = c.policy.profile.limits;
  const Json& memory = at(c.after, "/linux/resources/memory");
  const long long limit = number(at(memory, "/limit"));
  const long long asked = number(at(c.before, "/linux/resources/memory/limit"));
  const long long swap = number(at(memory, "/swap"));
  c.expect(limit > 0 && static_cast<std::uint64_t>(limit) <= limits.memory.max, "memory is not limited");
  c.expect(asked <= 0 || limit <= asked, "more memory than asked");
  c.expect(swap >= 0 && swap <= limit, "swap goes beyond the memory limit");
  c.expect(swap > 0 || !c.facts.swap_accounting, "swap is not limited");
  c.expect(number(at(memory, "/reservation")) <= limit, "the reservation is above the limit");
  c.expect(at(memory, "/disableOOMKiller") != true, "the OOM killer is off");
}

void check_cpu(const Case& c) {
  const Json& cpu = at(c.after, "/linux/resources/cpu");
  const long long period = number(at(cpu, "/period"));
  const auto quota = static_cast<double>(number(at(cpu, "/quota")));
  c.expect(
      quota > 0 && quota / static_cast<double>(period == 0 ? 100000 : period) <= c.policy.profile.limits.cpu.max + 1e-6,
      "cpu is not limited");
  c.expect(static_cast<double>(number(at(cpu, "/burst"))) <= quota, "the burst is above the quota");
  c.expect(number(at(cpu, "/shares")) <= 1024 * 4, "more shares than four cores");
  c.expect(number(at(cpu, "/realtimeRuntime")) == 0, "real-time cpu is granted");
}

}  // namespace

void check_devices(const Case& c) {
  struct Device {
    const char* type;
    long long major, minor;
    const char* name;
  };
  const Device devices[] = {{"b", 8, 0, "sda"},    {"c", 1, 1, "mem"},   {"c", 1, 4, "port"},  {"c", 10, 229, "fuse"},
                            {"c", 10, 200, "tun"}, {"b", 252, 0, "vda"}, {"c", 10, 232, "kvm"}};
  const Json& rules = at(c.after, "/linux/resources/devices");
  for (const Device& device : devices) {
    for (const char access : {'r', 'w'})
      c.expect(!device_allowed(rules, device.type, device.major, device.minor, access),
               std::string("the device is usable: ") + device.name);
  }
  Strings before;
  for (const Json& device : at(c.before, "/linux/devices")) before.insert(text(device, "path"));
  const Strings harmless{"/dev/null",    "/dev/zero", "/dev/full",    "/dev/random",
                         "/dev/urandom", "/dev/tty",  "/dev/console", "/dev/ptmx"};
  for (const Json& device : at(c.after, "/linux/devices")) {
    const std::string path = text(device, "path");
    c.expect(before.contains(path) && harmless.contains(path), "a device is created: " + path);
  }
}

void check_resources(const Case& c) {
  check_memory(c);
  check_cpu(c);
  const long long pids = number(at(c.after, "/linux/resources/pids/limit"));
  c.expect(pids > 0 && static_cast<std::uint64_t>(pids) <= c.policy.profile.limits.pids.max, "pids are not limited");
  c.expect(number(at(c.after, "/linux/resources/blockIO/weight")) <= 500, "a greater weight at the disks");
  for (const Json& device : at(c.after, "/linux/resources/blockIO/weightDevice"))
    c.expect(number(at(device, "/weight")) <= 500, "a greater weight at a disk");
  for (const Json& pages : at(c.after, "/linux/resources/hugepageLimits"))
    c.expect(static_cast<std::uint64_t>(number(at(pages, "/limit"))) <= c.policy.profile.limits.memory.max,
             "huge pages are not limited");
  const Strings harmless{"memory.high", "io.max", "memory.oom.group", "memory.swap.max"};
  for (const auto& [key, value] : at(c.after, "/linux/resources/unified").items())
    c.expect(harmless.contains(key) && (key != "memory.swap.max" || value == "0"), "a raw cgroup file: " + key);
}

}  // namespace hardened::property
