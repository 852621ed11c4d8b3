#include <algorithm>

#include "controls/controls.h"
#include "mount_cases.h"

using namespace hardened;
using namespace hardened::testing;

namespace {

std::size_t count(const Spec& spec, const std::string& list, const std::string& path) {
  const auto paths = spec.strings(list);
  return static_cast<std::size_t>(std::count(paths.begin(), paths.end(), path));
}

Facts two_processors() {
  Facts facts;
  facts.cpus = 2;
  return facts;
}

}  // namespace

TEST_CASE("masked-paths: whatever the spec says, ours are among them, once") {
  for (const char* lists :
       {"{}", R"({"maskedPaths":null,"readonlyPaths":null})", R"({"maskedPaths":[],"readonlyPaths":[]})",
        R"({"maskedPaths":["/proc/kcore"],"readonlyPaths":["/proc/sys"]})"}) {
    INFO(lists);
    const Spec spec(Json{{"linux", Json::parse(lists)}});
    const Spec after = clamped(controls::masked_paths, spec, Policy{}, two_processors());
    for (const char* path : {"/proc/kcore", "/proc/keys", "/sys/firmware", "/proc/interrupts", "/proc/kallsyms",
                             "/sys/devices/virtual/powercap", "/sys/devices/system/cpu/cpu1/thermal_throttle"})
      CHECK(count(after, "/linux/maskedPaths", path) == 1);
    CHECK(count(after, "/linux/maskedPaths", "/sys/devices/system/cpu/cpu2/thermal_throttle") == 0);
    for (const char* path : {"/proc/sys", "/proc/sysrq-trigger", "/proc/bus", "/proc/fs", "/proc/irq"})
      CHECK(count(after, "/linux/readonlyPaths", path) == 1);
  }
}

TEST_CASE("masked-paths: a spec without a linux part gets one") {
  CHECK(count(clamped(controls::masked_paths, Spec(Json::object()), Policy{}, Facts{}), "/linux/maskedPaths",
              "/proc/kcore") == 1);
}

TEST_CASE("masked-paths: what others hide stays hidden") {
  const Spec spec(Json{{"linux", {{"maskedPaths", {"/proc/mine", "/proc/a=b"}}, {"readonlyPaths", {"/proc/yours"}}}}});
  const Spec after = clamped(controls::masked_paths, spec, Policy{}, Facts{});
  CHECK(count(after, "/linux/maskedPaths", "/proc/mine") == 1);
  CHECK(count(after, "/linux/maskedPaths", "/proc/a=b") == 1);
  CHECK(count(after, "/linux/readonlyPaths", "/proc/yours") == 1);
}

TEST_CASE("masked-paths: a name that only begins like ours does not stand for it") {
  const Spec spec(Json{{"linux", {{"maskedPaths", {"/proc/kcore=x", "/proc/kcore/"}}}}});
  const Spec after = clamped(controls::masked_paths, spec, Policy{}, Facts{});
  CHECK(count(after, "/linux/maskedPaths", "/proc/kcore") == 1);
}

TEST_CASE("masked-paths: systempaths=unconfined and --privileged of a real Docker are filled silently") {
  for (const char* name : {"docker-privileged.json", "docker-hostile.json", "docker-default.json"}) {
    INFO(name);
    const Spec spec = read_spec(name);
    CHECK(subjects(controls::masked_paths, spec, Policy{}, Facts{}).empty());
    const Spec after = tightened(controls::masked_paths, spec, Policy{}, Facts{});
    for (const std::string& path : read_spec("docker-default.json").strings("/linux/maskedPaths"))
      CHECK((count(after, "/linux/maskedPaths", path) == 1 || path == "/proc/keys"));
    CHECK(count(after, "/linux/readonlyPaths", "/proc/sys") == 1);
  }
}
