// A run to log.
#pragma once

#include "record/runs.h"

namespace hardened::testing {

inline record::Run example_run() {
  record::Run run;
  run.id = "0123456789abcdef0123456789abcdef";
  run.container = "box";
  run.runtime_root = "/run/runc";
  run.creator = "12:34";
  run.image = "nginx:1.25";
  run.image_digest = "sha256:" + std::string(64, 'a');
  run.engine = "docker";
  run.runtime = "runc 1.1.5";
  run.profile = "train";
  run.stop_signal = "SIGQUIT";
  run.missed = 5;
  run.upper = "/var/lib/docker/overlay2/x/diff";
  run.mounts = {"/proc", "/data"};
  run.tier = "bpf";
  run.slot = 3;
  run.first_id = 231072;
  run.ids = 65536;
  run.buffer = 4096;
  run.listener = "90:12";
  run.started = "2026-03-01T12:00:00.123Z";
  run.init = "56:78";
  run.cgroups = {{"memory", "/sys/fs/cgroup/memory/docker/box"}, {"", "/sys/fs/cgroup/docker/box"}};
  return run;
}

}  // namespace hardened::testing
