# A private Podman beside whatever else runs on the machine: its own mount and network namespaces, /run, configuration,
# store and subordinate ids. Nothing of the machine's own Podman is seen or changed. Sourced.
# shellcheck shell=bash

# podman_config: what /etc/containers holds in there. The limit of open files is one this machine's root can set.
podman_config() {
  local etc=$1 limit
  limit=$(ulimit -Hn)
  mkdir -p "$etc/containers.conf.d"
  printf '{"default": [{"type": "insecureAcceptAnything"}]}\n' >"$etc/policy.json"
  cat >"$etc/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$HARDENED_DAEMON/root"
runroot = "/run/containers/storage"
END
  cat >"$etc/containers.conf" <<END
[containers]
default_ulimits = ["nofile=$limit:$limit", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "${HARDENED_TEST_RUNTIME:-crun}"
END
  # --userns=auto takes from the ids of this user.
  printf 'containers:200000:1000000\n' >"$HARDENED_DAEMON/subordinate"
}

podman() { inside podman "$@"; }

# What removes the containers of a suite that was killed: see daemon_sweep.
podman_clear() {
  cat >"$HARDENED_DAEMON/clear" <<END
#!/bin/sh
exec nsenter --target $HARDENED_HOLDER --mount --net -- sh -c 'podman pod rm --all --force --time 0; podman rm --all --force --time 0' >/dev/null 2>&1
END
  chmod 755 "$HARDENED_DAEMON/clear"
}

podman_up() {
  mkdir -p "$HARDENED_DAEMON_PARENT"
  HARDENED_DAEMON=$(mktemp -d "$HARDENED_DAEMON_PARENT/d.XXXXXX")
  # No docker command of these suites may reach the machine's own.
  export HARDENED_DAEMON DOCKER_HOST=unix://$HARDENED_DAEMON/docker.sock
  mkdir "$HARDENED_DAEMON/run" "$HARDENED_DAEMON/root"
  daemon_hold
  podman_clear
  podman_config "$HARDENED_DAEMON/etc"
  mkdir -p /etc/containers
  inside mount --bind "$HARDENED_DAEMON/etc" /etc/containers
  inside mount --bind "$HARDENED_DAEMON/subordinate" /etc/subuid
  inside mount --bind "$HARDENED_DAEMON/subordinate" /etc/subgid
}

podman_down() {
  daemon_down
  rmdir /sys/fs/cgroup/*/libpod_parent /sys/fs/cgroup/libpod_parent 2>/dev/null || true
}
