// The paths of /proc and /sys that no container is to read, and those that none is to write.
#pragma once

#include <string_view>

namespace hardened::controls {

// moby daemon/pkg/oci/defaults.go at HEAD, then kernel addresses and configuration, then file systems that are empty
// here unless /sys is the host's. A path that this kernel lacks is skipped by the runtime.
inline constexpr std::string_view must_be_masked[] = {"/proc/acpi",
                                                      "/proc/asound",
                                                      "/proc/interrupts",
                                                      "/proc/kcore",
                                                      "/proc/keys",
                                                      "/proc/latency_stats",
                                                      "/proc/sched_debug",
                                                      "/proc/scsi",
                                                      "/proc/timer_list",
                                                      "/proc/timer_stats",
                                                      "/sys/devices/virtual/powercap",
                                                      "/sys/firmware",
                                                      "/proc/config.gz",
                                                      "/proc/kallsyms",
                                                      "/proc/modules",
                                                      "/proc/vmallocinfo",
                                                      "/sys/kernel/debug",
                                                      "/sys/kernel/security",
                                                      "/sys/kernel/tracing"};
inline constexpr std::string_view must_be_read_only[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                         "/proc/sysrq-trigger"};

}  // namespace hardened::controls
