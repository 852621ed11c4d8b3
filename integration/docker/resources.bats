#!/usr/bin/env bats
# The limits a user may lift in stock Docker, at run and by update, and what becomes of it here.

load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }
teardown() {
  remove_containers
  rm -f "$HARDENED_STAGE/etc/hardened/profiles.d/half.json"
  policy_reset
}

@test "--cgroup-parent=/" {
  local root=/ name=ID
  # Where systemd makes the cgroups, a parent is a slice, and the root is one, too.
  [ "$(docker info --format '{{.CgroupDriver}}')" != systemd ] || root=-.slice name=docker-ID.scope
  stock -d --name free "--cgroup-parent=$root" "$BOX" sleep 600
  equals "$(awk -F: '$2 ~ /pids/ || $1 == 0 { print $3; exit }' "/proc/$(pid_of free)/cgroup")" \
    "/${name/ID/$(docker inspect --format '{{.Id}}' free)}"
  refused cgroup-parent "--cgroup-parent=$root" "$BOX" true
}

# limited CONTROL CONTROLLER FILE MOST ARGUMENT...: refused, or the kernel's limit is a number not above MOST.
limited() {
  local control=$1 controller=$2 file=$3 most=$4 value
  shift 4
  run hardened -d --name limited "$@" "$BOX" sleep 600
  if [ "$status" -ne 0 ]; then
    matches "hardened: refused by $control: "
    return
  fi
  value=$(cgroup_of limited "$controller" "$file")
  [ "$value" != max ] && [ "$value" -le "$most" ]
}

@test "--pids-limit -1" {
  stock -d --name free --pids-limit -1 "$BOX" sleep 600
  many_processes free
  limited pids pids pids.max 4096 --pids-limit -1
}

@test "--pids-limit far beyond the profile" {
  limited pids pids pids.max 4096 --pids-limit 1000000
}

@test "--memory 900g" {
  stock -d --name free --memory 900g "$BOX" sleep 600
  equals "$(cgroup_of free memory memory.limit_in_bytes)" $((900 << 30))
  refused memory --memory 900g "$BOX" true
}

@test "--memory-swap -1" {
  stock -d --name free --memory 64m --memory-swap -1 "$BOX" sleep 600
  limited memory memory memory.memsw.limit_in_bytes $((64 << 30)) --memory 64m --memory-swap -1
}

@test "--oom-kill-disable" {
  stock -d --name free --memory 64m --oom-kill-disable "$BOX" sleep 600
  run hardened -d --name limited --memory 64m --oom-kill-disable "$BOX" sleep 600
  [ "$status" -ne 0 ] || grep -qx 'oom_kill_disable 0' <<<"$(cgroup_of limited memory memory.oom_control)"
}

# Docker refuses more cores than the machine has, so the profile allows half of one.
half_a_core() {
  mkdir -p "$HARDENED_STAGE/etc/hardened/profiles.d"
  echo '{"name": "half", "extends": "strict", "limits": {"cpu": {"default": 0.5, "max": 0.5}}}' \
    >"$HARDENED_STAGE/etc/hardened/profiles.d/half.json"
  policy '{"default_profile": "half"}'
}

@test "--cpus beyond the profile" {
  stock -d --name free --cpus 1 "$BOX" sleep 600
  equals "$(cgroup_of free cpu cpu.cfs_quota_us)" "$(cgroup_of free cpu cpu.cfs_period_us)"
  half_a_core
  refused cpu --cpus 1 "$BOX" true
  sleeper held --cpus 0.5
  equals "$(($(cgroup_of held cpu cpu.cfs_quota_us) * 2))" "$(cgroup_of held cpu cpu.cfs_period_us)"
}

@test "--shm-size 100g" {
  stock_gives 104857600 --shm-size 100g "$BOX" df -k /dev/shm
  run hardened --rm --shm-size 100g "$BOX" df -k /dev/shm
  if [ "$status" -eq 0 ]; then
    [[ $output != *104857600* ]]
  else
    matches 'hardened: refused by tmpfs-size: '
  fi
}

@test "--tmpfs of 100g" {
  stock_gives 104857600 --tmpfs /big:size=100g "$BOX" df -k /big
  run hardened --rm --tmpfs /big:size=100g "$BOX" df -k /big
  if [ "$status" -eq 0 ]; then
    [[ $output != *104857600* ]]
  else
    matches 'hardened: refused by tmpfs-size: '
  fi
}

@test "--oom-score-adj -1000" {
  if host_has_sys_resource; then
    stock_gives '^-1000$' --oom-score-adj -1000 "$BOX" cat /proc/self/oom_score_adj
  else
    stock_asks '.process.oomScoreAdj == -1000' --oom-score-adj -1000 "$BOX" true
  fi
  never process-knobs --oom-score-adj -1000 -- sh -c '[ "$(cat /proc/self/oom_score_adj)" -lt 0 ]'
}

@test "update --pids-limit -1" {
  stock -d --name free --pids-limit 10 "$BOX" sleep 600
  docker update --pids-limit -1 free
  many_processes free
  sleeper held
  before=$(cgroup_of held pids pids.max)
  refused_command pids docker update --pids-limit -1 held
  equals "$(cgroup_of held pids pids.max)" "$before"
}

@test "update --memory beyond the profile" {
  stock -d --name free --memory 64m "$BOX" sleep 600
  docker update --memory 900g --memory-swap 900g free
  equals "$(cgroup_of free memory memory.limit_in_bytes)" $((900 << 30))
  sleeper held
  before=$(cgroup_of held memory memory.limit_in_bytes)
  refused_command memory docker update --memory 900g --memory-swap 900g held
  equals "$(cgroup_of held memory memory.limit_in_bytes)" "$before"
}

@test "update --cpus beyond the profile" {
  stock -d --name free --cpus 0.25 "$BOX" sleep 600
  docker update --cpus 1 free
  equals "$(cgroup_of free cpu cpu.cfs_quota_us)" "$(cgroup_of free cpu cpu.cfs_period_us)"
  half_a_core
  sleeper held --cpus 0.25
  before=$(cgroup_of held cpu cpu.cfs_quota_us)
  refused_command cpu docker update --cpus 1 held
  equals "$(cgroup_of held cpu cpu.cfs_quota_us)" "$before"
  docker update --cpus 0.5 held
  equals "$(cgroup_of held cpu cpu.cfs_quota_us)" $((before * 2))
}

# 100 ms of quota in a period of 1 ms are 100 cores. What is refused is not in the engine's records either, or the next
# start would be.
@test "update --cpu-period alone" {
  stock -d --name free --cpu-quota 25000 "$BOX" sleep 600
  docker update --cpu-period 50000 free
  equals "$(cgroup_of free cpu cpu.cfs_period_us)" 50000
  sleeper held
  refused_command cpu docker update --cpu-period 1000 held
  contains "--cpu-quota"
  equals "$(cgroup_of held cpu cpu.cfs_period_us)" 100000
  docker update --cpu-quota 25000 --cpu-period 50000 held
  equals "$(cgroup_of held cpu cpu.cfs_period_us) $(cgroup_of held cpu cpu.cfs_quota_us)" "50000 25000"
  docker restart -t 0 held
}
