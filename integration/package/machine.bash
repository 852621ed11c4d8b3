# A whole Debian with its own dockerd: its own mounts, processes and network, and as its root a system that was made for
# it. Sourced, after helpers.bash and daemon.bash.
# shellcheck shell=bash

# machine_up: starts the system in ROOT. Sets and exports MACHINE, its first process.
# It is the root of its mount namespace, not a chroot: in a chroot the kernel makes no user namespaces.
machine_up() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --net --fork --kill-child --propagation private bash -e -c '
    mount --bind "$1" "$1"
    cd "$1"
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount --rbind /sys/fs/cgroup sys/fs/cgroup
    mount -t tmpfs -o mode=755 tmpfs run
    mount -t tmpfs -o mode=755 tmpfs dev
    mkdir dev/pts dev/shm
    mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    ln -s fd/0 dev/stdin
    for device in null zero full random urandom tty; do
      touch dev/$device
      mount --bind /dev/$device dev/$device
    done
    ip link set lo up
    pivot_root . .
    umount -l .
    touch /run/up
    exec sleep infinity' machine "$ROOT" 3>&- </dev/null >/dev/null 2>&1 &
  MACHINE_PARENT=$!
  disown
  wait_for 10 machine_is_up || die "cannot start a system in $ROOT"
  export MACHINE MACHINE_PARENT
}

machine_is_up() { MACHINE=$(pgrep -P "$MACHINE_PARENT") && in_machine test -e /run/up; }

# machine_down: its processes end with their first one.
machine_down() {
  [ -z "${MACHINE:-}" ] || kill -KILL "$MACHINE"
  [ -z "${MACHINE_PARENT:-}" ] || wait_for 10 process_gone "$MACHINE_PARENT"
  remove_root
}

# in_machine COMMAND...: as its root.
in_machine() {
  nsenter --target "$MACHINE" --mount --pid --net -- env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive "$@"
}
