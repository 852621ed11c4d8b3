// Limits, weights, device rules and raw cgroup files.
#include <string>

#include "mutation.h"

namespace hardened::property {
namespace {

struct Amount {
  const char* group;
  const char* name;
};
constexpr Amount amounts[] = {{"memory", "limit"},  {"memory", "swap"},         {"memory", "reservation"},
                              {"memory", "kernel"}, {"memory", "swappiness"},   {"pids", "limit"},
                              {"cpu", "quota"},     {"cpu", "period"},          {"cpu", "burst"},
                              {"cpu", "shares"},    {"cpu", "realtimeRuntime"}, {"cpu", "realtimePeriod"},
                              {"cpu", "idle"},      {"blockIO", "weight"},      {"blockIO", "leafWeight"}};

void limits(Random& random, Sample& sample) {
  for (std::size_t i = 1 + pick(random, 4); i > 0; --i) {
    const Amount row = one_of(random, amounts);
    object_in(resources_of(sample), row.group)[row.name] = amount(random);
  }
}

// Half of the specs ask for something a profile allows, or the generator would only show refusals.
void ordinary_limits(Random& random, Sample& sample) {
  const long long memory = (1LL << 26) * static_cast<long long>(1 + pick(random, 16));
  const long long factor = static_cast<long long>(pick(random, 4));
  resources_of(sample)["memory"] = {{"limit", memory}, {"swap", factor == 3 ? -1 : memory * factor}};
  resources_of(sample)["pids"] = {{"limit", 100}};
  resources_of(sample)["cpu"] = {{"quota", 50000}, {"period", once_in(random, 2) ? 100000 : 20000}};
}

void oom_killer(Random&, Sample& sample) {
  object_in(resources_of(sample), "memory")["disableOOMKiller"] = true;
}

void unified(Random& random, Sample& sample) {
  constexpr const char* names[] = {"memory.max",      "pids.max",     "cpu.max", "memory.high", "memory.swap.max",
                                   "io.max",          "cgroup.procs", "../x",    "a/b",         "",
                                   "memory.oom.group"};
  constexpr const char* values[] = {"max", "0", "1", "+memory"};
  for (std::size_t i = 1 + pick(random, 2); i > 0; --i)
    object_in(resources_of(sample), "unified")[one_of(random, names)] = one_of(random, values);
}

void device_rules(Random& random, Sample& sample) {
  constexpr const char* kinds[] = {"a", "b", "c", "u", ""};
  constexpr const char* accesses[] = {"rwm", "rw", "r", "m", "", "w"};
  constexpr long long majors[] = {-1, 0, 1, 5, 8, 10, 136};
  constexpr long long minors[] = {-1, 0, 3, 229};
  Json& rules = list_in(resources_of(sample), "devices");
  for (std::size_t i = 1 + pick(random, 3); i > 0; --i) {
    Json rule = {{"allow", !once_in(random, 3)}};
    if (!once_in(random, 3)) rule["type"] = one_of(random, kinds);
    if (!once_in(random, 3)) rule["major"] = one_of(random, majors);
    if (!once_in(random, 3)) rule["minor"] = one_of(random, minors);
    if (!once_in(random, 4)) rule["access"] = one_of(random, accesses);
    if (once_in(random, 8)) rule.erase("allow");
    rules.insert(rules.begin() + static_cast<std::ptrdiff_t>(pick(random, rules.size() + 1)), std::move(rule));
  }
}

void no_device_rules(Random& random, Sample& sample) {
  if (once_in(random, 2)) {
    resources_of(sample).erase("devices");
  } else {
    resources_of(sample)["devices"] = Json::array();
  }
}

void weight_device(Random& random, Sample& sample) {
  list_in(object_in(resources_of(sample), "blockIO"), "weightDevice")
      .push_back({{"major", 8}, {"minor", 0}, {"weight", amount(random)}, {"leafWeight", amount(random)}});
}

void huge_pages(Random& random, Sample& sample) {
  list_in(resources_of(sample), "hugepageLimits").push_back({{"pageSize", "2MB"}, {"limit", amount(random)}});
}

void network_and_rdma(Random& random, Sample& sample) {
  if (once_in(random, 2)) resources_of(sample)["network"] = {{"classID", amount(random)}};
  if (once_in(random, 2)) resources_of(sample)["rdma"] = {{"mlx5", {{"hcaHandles", amount(random)}}}};
}

void machine(Random& random, Sample& sample) {
  sample.facts.cgroup_version = once_in(random, 2) ? 1 : 2;
  sample.facts.swap_accounting = once_in(random, 2);
  sample.facts.memory_total = once_in(random, 2) ? std::uint64_t{1} << 28 : std::uint64_t{16} << 30;
  sample.facts.cpus = once_in(random, 2) ? 1 : 64;
  const bool crun = once_in(random, 3);
  sample.facts.runtime = {crun ? "/usr/bin/crun" : "/usr/sbin/runc",
                          crun ? host::RuntimeKind::crun : host::RuntimeKind::runc, 1, once_in(random, 2) ? 0 : 3, 0};
}

constexpr Mutation table[] = {
    {"limits", limits},
    {"ordinary-limits", ordinary_limits},
    {"oom-killer", oom_killer},
    {"unified", unified},
    {"device-rules", device_rules},
    {"no-device-rules", no_device_rules},
    {"weight-device", weight_device},
    {"huge-pages", huge_pages},
    {"network-and-rdma", network_and_rdma},
    {"machine", machine},
};

}  // namespace

std::span<const Mutation> resource_mutations() {
  return table;
}

}  // namespace hardened::property
