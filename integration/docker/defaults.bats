#!/usr/bin/env bats
# With "default-runtime": "hardened", what the kernel itself says about a container nobody asked anything special for.

load helpers

setup_file() {
  suite_up '{"default-runtime": "hardened"}'
  docker run -d --name box "$BOX" sleep 600 >/dev/null
  docker run -d --name stock --runtime=runc "$BOX" sleep 600 >/dev/null
}
teardown_file() { suite_down; }

@test "the default runtime is ours" {
  equals "$(docker inspect --format '{{.HostConfig.Runtime}}' box)" hardened
}

@test "no capability in any of the five sets; stock Docker keeps fourteen" {
  equals "$(status_of stock CapBnd)" 00000000a80425fb
  no_capability box
}

@test "no new privileges; stock Docker allows them" {
  equals "$(status_of stock NoNewPrivs)" 0
  equals "$(status_of box NoNewPrivs)" 1
}

@test "a seccomp filter is in force, and it lets fewer calls through than Docker's" {
  equals "$(status_of box Seccomp)" 2
  local ours theirs
  ours=$("$HARDENED_WORKLOADS/filter" "$(pid_of box)" | awk '{ print $3 }')
  theirs=$("$HARDENED_WORKLOADS/filter" "$(pid_of stock)" | awk '{ print $3 }')
  echo "hardened: $ours, stock: $theirs"
  [ "$ours" -gt 100 ]
  [ "$ours" -lt "$theirs" ]
}

@test "the same holds for a process brought in by exec; stock Docker's exec has all of the default rights" {
  run docker exec stock grep -E '^(CapEff|NoNewPrivs)' /proc/self/status
  contains 00000000a80425fb
  run docker exec box grep -E '^(Cap...|NoNewPrivs|Seccomp):' /proc/self/status
  equals "$(grep -c $'^Cap...:\t0000000000000000$' <<<"$output")" 5
  contains $'NoNewPrivs:\t1'
  contains $'Seccomp:\t2'
}

@test "the root file system cannot be written, not by root either" {
  run docker exec stock touch /etc/x
  equals "$status" 0
  run docker exec box touch /etc/x
  [ "$status" -ne 0 ]
  contains "Read-only file system"
}

@test "/tmp, /var/tmp and /run can be written, by any user where the image says so" {
  run docker exec box sh -c 'touch /tmp/x /var/tmp/x /run/x && rm /tmp/x /var/tmp/x /run/x'
  equals "$status" 0
  run docker exec -u 1000 box sh -c 'touch /tmp/y /var/tmp/y && rm /tmp/y /var/tmp/y'
  equals "$status" 0
}

@test "what can be written cannot hold devices or set-user-ID programs" {
  run docker exec box awk '$2 == "/tmp" { print $4 }' /proc/mounts
  contains nosuid
  contains nodev
}

@test "processes, memory and cpu time are limited; stock Docker limits none" {
  many_processes stock
  equals "$(cgroup_of box pids pids.max)" 256
  equals "$(cgroup_of stock cpu cpu.cfs_quota_us)" -1
  [ "$(cgroup_of box cpu cpu.cfs_quota_us)" -gt 0 ]
  [ "$(cgroup_of box memory memory.limit_in_bytes)" -le $((64 << 30)) ]
}

@test "a fork bomb ends at the limit and the container is removable" {
  docker run -d --name bomb --pids-limit 20 "$BOX" sh -c '(while :; do sleep 60 & done); exec sleep 600' >/dev/null
  wait_for 10 bash -c '[ "$(docker top bomb | wc -l)" -ge 15 ]'
  [ "$(cgroup_of bomb pids pids.max)" -eq 20 ]
  docker rm -f bomb
}

@test "kernel internals are masked" {
  local path
  for path in /proc/kcore /proc/keys /proc/timer_list /proc/interrupts; do
    [ -e "$path" ] || continue
    run docker exec box sh -c "head -c 1 $path 2>/dev/null | wc -c"
    equals "$path $output" "$path 0"
  done
  run docker exec box ls /sys/firmware
  equals "$output" ""
}

@test "/proc/sys and /sys are read-only" {
  run docker exec box sh -c 'echo x >/proc/sys/kernel/hostname'
  [ "$status" -ne 0 ]
  run docker exec box awk '$2 == "/sys" { print $4 }' /proc/mounts
  matches '^ro,'
}

@test "a set-user-ID program gives nothing; in stock Docker it gives root" {
  run docker exec -u 1000 stock suid-probe euid
  equals "$output" 0
  run docker exec -u 1000 box suid-probe euid
  equals "$output" 1000
}

@test "every namespace is the container's own" {
  local kind
  for kind in mnt pid net ipc uts cgroup; do
    [ "$(readlink "/proc/$(pid_of box)/ns/$kind")" != "$(readlink "/proc/$HARDENED_HOLDER/ns/$kind")" ] || {
      echo "the $kind namespace is the host's"
      return 1
    }
  done
}

@test "no core dumps" {
  run awk '/^Max core file size/ { print $5, $6 }' "/proc/$(pid_of box)/limits"
  equals "$output" "0 0"
}

@test "Docker's own records stay as stock Docker makes them" {
  equals "$(docker inspect --format '{{.HostConfig.Privileged}} {{.HostConfig.ReadonlyRootfs}}' box)" "false false"
  run docker diff stock
  contains /etc
}

@test "hardened-compat keeps what an entrypoint needs to drop privileges, and no more" {
  docker run -d --name compat --runtime=hardened-compat "$BOX" sleep 600 >/dev/null
  local bounding=$((0x$(status_of compat CapBnd)))
  # CAP_SETGID and CAP_SETUID (6, 7) are there; CAP_NET_RAW, CAP_SYS_CHROOT and CAP_MKNOD (13, 18, 27) are not.
  equals "$((bounding >> 6 & 3))" 3
  equals "$((bounding >> 13 & 1))$((bounding >> 18 & 1))$((bounding >> 27 & 1))" 000
  equals "$(status_of compat NoNewPrivs)" 1
}
