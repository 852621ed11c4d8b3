// What the resource controls share: reading what a spec asks for and comparing it with the profile's limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "oci/spec.h"
#include "policy/policy.h"

namespace hardened::controls {

// What `spec` asks for at `pointer`. Nothing where it is absent or 0: engines and runtimes read both as "not set", and
// in an update as "unchanged" (runtime-spec config-linux.md; runc update.go).
[[nodiscard]] std::optional<std::int64_t> asked(const Spec& spec, std::string_view pointer);
// The same below an object that may be null, such as Facts::granted_resources; `pointer` is relative to it.
[[nodiscard]] std::optional<std::int64_t> asked(const Json& document, std::string_view pointer);

// The period of a CPU quota that comes without one, in microseconds (Linux kernel/sched/core.c).
inline constexpr std::int64_t default_cpu_period = 100'000;

// The cores that `resources` (/linux/resources) gives: quota / period. Negative: unlimited; nothing: no quota is asked.
[[nodiscard]] std::optional<double> cores_of(const Json& resources);

// Is `value` more than `max`? A negative value means "unlimited" to every runtime. A `max` of 0: the profile sets none.
[[nodiscard]] bool beyond(std::int64_t value, std::uint64_t max);

// A limit as it stands in a spec: saturated at the largest signed number, which is what Go's int64 can hold.
[[nodiscard]] std::int64_t saturated(std::uint64_t limit);

// What a container gets that asks for nothing: the profile's default, never above its max. 0: the profile sets none.
[[nodiscard]] std::uint64_t fallback_of(const policy::Limit<std::uint64_t>& limit);

// "256MiB", or "unlimited" for a negative number of bytes.
[[nodiscard]] std::string size_text(std::int64_t bytes);
// "512", or "unlimited" for a negative count.
[[nodiscard]] std::string count_text(std::int64_t count);

// The remedy of a limit: "to allow it, raise "max" of "limits.memory" in the profile".
[[nodiscard]] std::string raise_max(std::string_view limit);

}  // namespace hardened::controls
