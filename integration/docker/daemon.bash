# A private dockerd beside whatever else runs on the machine: its own mount and network namespaces, /run, data root,
# containerd and bridge. Nothing of the machine's own Docker is seen or changed. Sourced.
# shellcheck shell=bash

# The runtime under test trusts what the engine keeps only below directories that root alone can write to.
HARDENED_DAEMON_PARENT=${HARDENED_DAEMON_PARENT:-/var/lib/hardened-test}

# daemon_config EXTRA: the daemon.json. EXTRA is a JSON object merged over it.
daemon_config() {
  local capture=$HARDENED_SOURCE/integration/docker/capture
  jq -n --arg bin "$HARDENED_STAGE/bin" --arg capture "$capture" --argjson extra "$1" '
    {"live-restore": true, "storage-driver": "overlay2", "log-level": "warn", "shutdown-timeout": 2,
     "runtimes": {
       "hardened": {"path": ($bin + "/hardened-runtime")},
       "hardened-compat": {"path": ($bin + "/hardened-compat")},
       "hardened-train": {"path": ($bin + "/hardened-train")},
       "capture": {"path": $capture}}} * $extra'
}

# runtime_kind: runc or crun. HARDENED_TEST_RUNTIME is a name in PATH, or a path.
runtime_kind() { basename "${HARDENED_TEST_RUNTIME:-runc}"; }

# new_users MAP: a process in a user namespace of its own, where root has no right over the host. Sets USERS.
new_users() {
  unshare --user sleep infinity 3>&- </dev/null >/dev/null 2>&1 &
  USERS=$!
  disown
  # Until the namespace is there, the file is the one of the host's, which cannot be written.
  wait_for 10 bash -c "echo '$1' >/proc/$USERS/uid_map" && wait_for 10 bash -c "echo '$1' >/proc/$USERS/gid_map" ||
    die "cannot make a user namespace for dockerd"
}

# The namespaces outlive each dockerd in them (live-restore), so a process of their own holds them.
# /run is private: the sockets lie where they lie on a real host, and a test may do to it what it likes.
# With HARDENED_DAEMON_IDS, a uid_map, they and dockerd belong to a user namespace with that mapping.
daemon_hold() {
  local -a enter=()
  if [ -n "${HARDENED_DAEMON_IDS:-}" ]; then
    new_users "$HARDENED_DAEMON_IDS"
    enter=(nsenter --target "$USERS" --user --)
  fi
  # shellcheck disable=SC2016 # expanded by the inner shell
  "${enter[@]}" unshare --mount --net --propagation private bash -c '
    # On cgroup version 2 an engine that finds systemd has it make the cgroups.
    if [ -d /run/systemd/system ] && [ -e /sys/fs/cgroup/cgroup.controllers ]; then
      for manager in systemd dbus; do
        mkdir "$1/run/$manager" && mount --rbind "/run/$manager" "$1/run/$manager" || exit
      done
    fi
    mount --rbind "$1/run" /run && ip link set lo up || exit
    # crun refuses the hybrid cgroup layout; without the cgroup2 mount it sees plain version 1. In a user namespace the
    # mounts of the host cannot be taken away, only covered.
    [ "$2" != crun ] || ! mountpoint -q /sys/fs/cgroup/unified || umount /sys/fs/cgroup/unified 2>/dev/null ||
      mount -t tmpfs tmpfs /sys/fs/cgroup/unified || exit
    touch "$1/held"
    exec sleep infinity' hold "$HARDENED_DAEMON" "$(runtime_kind)" \
    3>&- </dev/null >>"$HARDENED_DAEMON/daemon.log" 2>&1 &
  HARDENED_HOLDER=$!
  disown # its end is no news
  export HARDENED_HOLDER
  printf '%s\n' "$HARDENED_HOLDER" >"$HARDENED_DAEMON/holder"
  wait_for 10 test -e "$HARDENED_DAEMON/held" ||
    die "cannot make namespaces for dockerd: $(cat "$HARDENED_DAEMON/daemon.log")"
  [ -z "${HARDENED_DAEMON_IDS:-}" ] || kill "$USERS"
}

# inside COMMAND...: runs it where the daemon runs.
inside() {
  nsenter --target "$HARDENED_HOLDER" ${HARDENED_DAEMON_IDS:+--user} --mount --net -- "$@"
}

# With HARDENED_DAEMON_USUAL it reads the configuration at its usual place, if there is one.
daemon_launch() {
  local -a config=(--config-file "$HARDENED_DAEMON/daemon.json")
  [ -z "${HARDENED_DAEMON_USUAL:-}" ] || config=()
  nsenter --target "$HARDENED_HOLDER" ${HARDENED_DAEMON_IDS:+--user} --mount --net -- \
    dockerd "${config[@]}" \
    --data-root "$HARDENED_DAEMON/root" --exec-root /run/docker-test --pidfile /run/docker-test.pid \
    --host "unix://$HARDENED_DAEMON/docker.sock" --host unix:///run/docker.sock \
    3>&- </dev/null >>"$HARDENED_DAEMON/daemon.log" 2>&1 &
  printf '%s\n' $! >"$HARDENED_DAEMON/pid"
  disown
  wait_for 30 docker version || die "cannot start dockerd: $(tail -n 20 "$HARDENED_DAEMON/daemon.log")"
}

# daemon_up [EXTRA [PREPARE]]: starts it and exports what the docker command needs to find it. PREPARE, a function, is
# called when its namespaces are there, before it is.
daemon_up() {
  mkdir -p "$HARDENED_DAEMON_PARENT"
  HARDENED_DAEMON=$(mktemp -d "$HARDENED_DAEMON_PARENT/d.XXXXXX")
  export HARDENED_DAEMON DOCKER_HOST=unix://$HARDENED_DAEMON/docker.sock DOCKER_CONFIG=$HARDENED_DAEMON/cli
  unset DOCKER_CONTEXT DOCKER_TLS_VERIFY
  mkdir "$HARDENED_DAEMON/run" "$HARDENED_DAEMON/cli"
  daemon_config "${1:-{\}}" >"$HARDENED_DAEMON/daemon.json"
  daemon_hold
  "${2:-true}"
  daemon_launch
}

# first_own_id: where 64 ranges of 65536 host ids begin that no other daemon of these tests gives out, but for one of 512.
first_own_id() { printf '%d\n' $((0x60000000 + HARDENED_HOLDER % 512 * 64 * 65536)); }

# subordinate_ids [FIRST COUNT]: the host ids of the user "hardened" where the daemon runs; without any, the machine's own
# files again.
subordinate_ids() {
  local file
  for file in /etc/subuid /etc/subgid; do ! inside mountpoint -q "$file" || inside umount "$file"; done
  [ $# -ne 0 ] || return 0
  printf 'hardened:%d:%d\n' "$@" >"$HARDENED_DAEMON/subid"
  for file in /etc/subuid /etc/subgid; do inside mount --bind "$HARDENED_DAEMON/subid" "$file"; done
}

# daemon_stop: dockerd only; containers live on.
daemon_stop() {
  local pid
  pid=$(cat "$HARDENED_DAEMON/pid" 2>/dev/null) || return 0
  grep -qaz dockerd "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid" 2>/dev/null
  wait_for 20 process_gone "$pid" || kill -KILL "$pid"
}

process_gone() { ! [ -d "/proc/$1" ] || grep -q '^State:.*Z' "/proc/$1/status"; }

# What is left in the holder's mount namespace is ours alone: shims, a containerd.
kill_left_over() {
  local namespace entry
  namespace=$(readlink "/proc/$HARDENED_HOLDER/ns/mnt") || return 0
  for entry in /proc/[0-9]*; do
    [ "$(readlink "$entry/ns/mnt" 2>/dev/null)" = "$namespace" ] && kill -KILL "${entry#/proc/}" 2>/dev/null
  done
  return 0
}

daemon_down() {
  [ -n "${HARDENED_DAEMON:-}" ] || return 0
  remove_containers
  daemon_stop
  kill_left_over
  wait_for 10 process_gone "$HARDENED_HOLDER"
  rm -rf --one-file-system "$HARDENED_DAEMON"
  rmdir --ignore-fail-on-non-empty "$HARDENED_DAEMON_PARENT" 2>/dev/null
  unset HARDENED_DAEMON
}

# Engines without a daemon leave a program that removes their containers.
remove_containers() {
  local ids
  if [ -x "$HARDENED_DAEMON/clear" ]; then
    "$HARDENED_DAEMON/clear"
    return
  fi
  mapfile -t ids < <(docker ps -aq 2>/dev/null)
  [ "${#ids[@]}" -eq 0 ] || docker rm -f "${ids[@]}" >/dev/null
}

# daemon_sweep: what suites of this run left behind because they were killed themselves.
daemon_sweep() {
  local directory
  for directory in "$HARDENED_DAEMON_PARENT"/d.*; do
    [ -d "$directory" ] || continue
    HARDENED_DAEMON=$directory
    HARDENED_HOLDER=$(cat "$directory/holder")
    # A number alone may be another process by now.
    grep -qazx sleep "/proc/$HARDENED_HOLDER/cmdline" 2>/dev/null || HARDENED_HOLDER=none
    DOCKER_HOST=unix://$directory/docker.sock daemon_down
  done
}

# Where containerd keeps the bundles, as seen from the machine.
bundles() {
  printf '/proc/%s/root/run/docker-test/containerd/daemon/io.containerd.runtime.v2.task/moby\n' "$HARDENED_HOLDER"
}

# bundle_of CONTAINER
bundle_of() { printf '%s/%s\n' "$(bundles)" "$(docker inspect --format '{{.Id}}' "$1")"; }
