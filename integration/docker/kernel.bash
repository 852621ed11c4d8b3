# What the kernel's own files say about a container, read from outside. Sourced.
# shellcheck shell=bash

pid_of() { docker inspect --format '{{.State.Pid}}' "$1"; }
running() { [ "$(docker inspect --format '{{.State.Running}}' "$1")" = true ]; }

# status_of CONTAINER FIELD: /proc/PID/status of its first process, read from outside.
status_of() { awk -v field="$2:" '$1 == field { print $2 }' "/proc/$(pid_of "$1")/status"; }

# host_id CONTAINER: the host's id of the container's root.
host_id() { awk '{ print $2 }' "/proc/$(pid_of "$1")/uid_map"; }

# cgroup_directory PID CONTROLLER: of a process, in the host's tree of version 1 or 2.
cgroup_directory() {
  if [ -d "/sys/fs/cgroup/$2" ]; then
    awk -F: -v name=",$2," -v tree="/sys/fs/cgroup/$2" 'index("," $2 ",", name) { print tree $3 }' "/proc/$1/cgroup"
  else
    awk -F: '$1 == "0" { print "/sys/fs/cgroup" $3 }' "/proc/$1/cgroup"
  fi
}

# cgroup_of CONTAINER CONTROLLER FILE: a value from the host's cgroup tree. FILE and its values are version 1's.
cgroup_of() {
  local directory file=$3
  directory=$(cgroup_directory "$(pid_of "$1")" "$2")
  [ -e "$directory/$file" ] || case $file in
    memory.limit_in_bytes) file=memory.max ;;
    memory.memsw.limit_in_bytes) # version 2 counts swap apart
      cat "$directory"/memory{,.swap}.max | awk '{ sum += $1 } /max/ { most = 1 } END { print most ? "max" : sum }'
      return
      ;;
    # It cannot be switched off there.
    memory.oom_control) echo 'oom_kill_disable 0' && return ;;
    cpu.cfs_quota_us) awk '{ print $1 == "max" ? -1 : $1 }' "$directory/cpu.max" && return ;;
    cpu.cfs_period_us) awk '{ print $2 }' "$directory/cpu.max" && return ;;
  esac
  cat "$directory/$file"
}

# many_processes CONTAINER: it has no limit of its own; under systemd it then has the one that any unit has, which is
# thousands.
many_processes() {
  local most
  most=$(cgroup_of "$1" pids pids.max)
  [ "$most" = max ] || [ "$most" -gt 1000 ]
}

# The capabilities of this very machine: some virtual machines keep CAP_SYS_RESOURCE (bit 24) from root, and there stock
# Docker itself cannot start what needs it.
host_has_sys_resource() { (((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24) & 1)); }

# The kernel tells BPF of each check of a capability (the tracepoint cap_capable).
tells_capabilities() { printf '6.14\n%s\n' "$(uname -r)" | sort --version-sort --check=quiet; }
# Where it does not, what is not known must not count against a profile.
leniently() { tells_capabilities || printf '%s\n' --incomplete; }
