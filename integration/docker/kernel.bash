# What the kernel's own files say about a container, read from outside. Sourced.
# shellcheck shell=bash

pid_of() { docker inspect --format '{{.State.Pid}}' "$1"; }
running() { [ "$(docker inspect --format '{{.State.Running}}' "$1")" = true ]; }

# status_of CONTAINER FIELD: /proc/PID/status of its first process, read from outside.
status_of() { awk -v field="$2:" '$1 == field { print $2 }' "/proc/$(pid_of "$1")/status"; }

# host_id CONTAINER: the host's id of the container's root.
host_id() { awk '{ print $2 }' "/proc/$(pid_of "$1")/uid_map"; }

# cgroup_of CONTAINER CONTROLLER FILE: a value from the host's cgroup tree, version 1 or 2. FILE is version 1's name.
cgroup_of() {
  local container=$1 controller=$2 file=$3 path
  if [ -d "/sys/fs/cgroup/$controller" ]; then
    path=$(awk -F: -v name=",$controller," 'index("," $2 ",", name) { print $3 }' "/proc/$(pid_of "$container")/cgroup")
    cat "/sys/fs/cgroup/$controller$path/$file"
    return
  fi
  path=$(awk -F: '$1 == "0" { print $3 }' "/proc/$(pid_of "$container")/cgroup")
  case $file in
    memory.limit_in_bytes) file=memory.max ;;
    cpu.cfs_quota_us) awk '{ print $1 }' "/sys/fs/cgroup$path/cpu.max" && return ;;
    cpu.cfs_period_us) awk '{ print $2 }' "/sys/fs/cgroup$path/cpu.max" && return ;;
  esac
  cat "/sys/fs/cgroup$path/$file"
}

# The capabilities of this very machine: some virtual machines keep CAP_SYS_RESOURCE (bit 24) from root, and there stock
# Docker itself cannot start what needs it.
host_has_sys_resource() { (((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24) & 1)); }
