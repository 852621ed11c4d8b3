#!/usr/bin/env bats
# A whole Debian 13 on the day our package is installed on it: systemd, cgroup version 2, AppArmor and its own engines.
# What it leaves for vm/rebooted: the installation, and one container that is to come back.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

PACKAGE=$HARDENED_BUILD/package/hardened.deb

setup_file() {
  export HARDENED_DAEMON=$BATS_FILE_TMPDIR
  make_images
}
teardown_file() { no_containers; }
teardown() {
  # What the next test needs is installed; containers are each test's own.
  no_containers
  no_policy
}

version_of() { dpkg-query -W -f '${Version}' "$1"; }

@test "it is Debian 13 with systemd, cgroup version 2, AppArmor and the engines it has" {
  equals "$(cat /proc/1/comm)" systemd
  equals "$(stat -f -c %T /sys/fs/cgroup)" cgroup2fs
  equals "$(cat /sys/module/apparmor/parameters/enabled)" Y
  grep -q '^VERSION_ID="13"$' /etc/os-release
  matches_all "$(version_of docker.io)" '^26\.1' "$(version_of containerd)" '^1\.7' "$(version_of runc)" '^1\.1\.15' \
    "$(version_of crun)" '^1\.21' "$(version_of podman)" '^5\.'
  equals "$(docker info --format '{{.CgroupDriver}} {{.CgroupVersion}} {{.Driver}} {{.LiveRestoreEnabled}}')" \
    "systemd 2 overlay2 false"
  stock -d --name free "$BOX" sleep 600 >/dev/null
  equals "$(status_of free CapEff) $(confinement_of free)" "00000000a80425fb docker-default (enforce)"
}

# matches_all TEXT PATTERN [TEXT PATTERN]...
matches_all() {
  while [ $# -gt 0 ]; do
    output=$1 matches "$2" || return 1
    shift 2
  done
}

@test "installed by apt and registered; dockerd, restarted by systemd, hardens what names no runtime" {
  apt-get install -o Dpkg::Use-Pty=0 -q -y "$PACKAGE"
  mkdir -p /etc/docker
  printf '{"live-restore": true}\n' >/etc/docker/daemon.json
  hardenctl install docker --default
  systemctl restart docker
  equals "$(default_runtime) $(docker info --format '{{.LiveRestoreEnabled}}')" "hardened true"
  sleeper box
  is_hardened box
  # Where systemd runs, /run is shared, and its services receive what is mounted there.
  mountpoint /run/hardened/ns/empty-mnt
  refused_run engine-sockets -v /run/docker.sock:/s "$BOX" true
  hardenctl verify
  hardenctl status
}

@test "systemd's cgroups: the limits are in the container's scope, in force, and follow an update" {
  local scope
  sleeper box --memory 64m
  scope=/system.slice/docker-$(id_of box).scope
  equals "$(cat "/proc/$(pid_of box)/cgroup")" "0::$scope"
  equals "$(cd "/sys/fs/cgroup$scope" && cat pids.max memory.max memory.swap.max cpu.max | paste -sd ' ')" \
    "256 67108864 0 100000 100000"
  equals "$(systemctl show -p TasksMax -p MemoryMax --value "docker-$(id_of box).scope" | paste -sd ' ')" "67108864 256"
  # tail keeps what it reads.
  run docker exec box sh -c 'tail -c 100m /dev/zero | wc -c'
  grep -qx 'oom_kill [1-9].*' "/sys/fs/cgroup$scope/memory.events"
  run docker exec box sh -c 'for each in $(seq 300); do sleep 600 & done'
  grep -qx 'max [1-9].*' "/sys/fs/cgroup$scope/pids.events"
  docker update --pids-limit 50 --memory 32m --memory-swap 32m --cpus 0.5 box
  equals "$(cd "/sys/fs/cgroup$scope" && cat pids.max memory.max cpu.max | paste -sd ' ')" "50 33554432 50000 100000"
  run docker update --memory 900g --memory-swap 900g box
  [ "$status" -ne 0 ]
  matches "hardened: refused by memory: "
  equals "$(cat "/sys/fs/cgroup$scope/memory.max")" 33554432
  refused_run cgroup-parent --cgroup-parent=-.slice "$BOX" true
}

# mounts ARGUMENT...: what mount(2) of a tmpfs answers with everything allowed that guards it but AppArmor.
mounts() {
  policy '{"version": 1, "default_profile": "compat", "waivers": [
    {"control": "capabilities", "allow": ["CAP_*"], "reason": "test"},
    {"control": "apparmor", "allow": ["unconfined"], "reason": "test"},
    {"control": "seccomp", "allow": ["seccomp=unconfined"], "reason": "test"}]}'
  run hardened --rm --cap-add SYS_ADMIN --security-opt seccomp=unconfined "$@" "$BOX" probe call 165 none /tmp tmpfs 0 0
  no_policy
}

@test "AppArmor: a container and what is executed in it are confined, and it is AppArmor that denies a mount" {
  sleeper box
  equals "$(confinement_of box)" "docker-default (enforce)"
  equals "$(docker exec box cat /proc/self/attr/apparmor/current)" "docker-default (enforce)"
  refused_run apparmor --security-opt apparmor=unconfined "$BOX" true
  mounts
  equals "$output" EACCES
  mounts --security-opt apparmor=unconfined
  equals "$output" ok
  hardenctl verify
}

@test "AppArmor: a profile of the site's own is enforced, and its denials are in the journal" {
  printf '%s\n' 'profile hardened-test flags=(attach_disconnected,mediate_deleted) {' \
    '  file, network, capability, umount, signal, ptrace,' '  audit deny /etc/group r,' '}' |
    apparmor_parser --replace
  sleeper box --security-opt apparmor=hardened-test
  equals "$(confinement_of box)" "hardened-test (enforce)"
  run docker exec box cat /etc/group
  contains "Permission denied"
  wait_for 10 denial_is_told
  refused_run apparmor --security-opt apparmor=no-such-profile "$BOX" true
}
denial_is_told() { journalctl -k -o cat | grep -q 'apparmor="DENIED".*profile="hardened-test" name="/etc/group"'; }

@test "docker run --annotation chooses a profile that the policy lets it choose, and gives the runtime no orders" {
  policy '{"version": 1, "select": [{"annotation": "org.hardened.profile", "allow": ["compat"]}]}'
  sleeper box --annotation org.hardened.profile=compat
  [ "$(status_of box CapBnd)" != 0000000000000000 ]
  run hardenctl explain box
  contains 'profile     compat'
  docker rm -f box
  refused_run policy --annotation org.hardened.profile=train "$BOX" true
  refused_run annotations --annotation run.oci.seccomp_bpf_data=x "$BOX" true
}

# told PRIORITY FILTER: a record that satisfies a jq filter is in the journal as hardened's, with this priority.
told() {
  journalctl --all -t hardened -o json | jq -e --arg priority "$1" \
    "select(.SYSLOG_FACILITY == \"10\" and .PRIORITY == \$priority) | .MESSAGE | fromjson | select($2)" >/dev/null
}

# journalled COUNT: as many exported records are in the journal.
journalled() { [ "$(journalctl -o cat -t exported | grep -c '@cee:{')" -ge "$1" ]; }

@test "audit records reach journald, each with its severity" {
  policy '{"version": 1, "audit": {"also": ["syslog"]}}'
  sleeper box
  refused_run engine-sockets -v /run/docker.sock:/s "$BOX" true
  wait_for 10 told 5 ".container == \"$(id_of box)\" and .verdict == \"allowed\"" ||
    { journalctl -n 5 -t hardened -o export && false; }
  wait_for 10 told 4 '.verdict == "refused" and any(.findings[]; .control == "engine-sockets")'
  hardenctl audit export --format syslog | logger --socket-errors=off --tag exported
  wait_for 10 journalled "$(hardenctl audit show --json | wc -l)"
  hardenctl audit verify
}

@test "live-restore: a container outlives dockerd, and is executed into, updated and stopped by the next one" {
  local pid
  sleeper box
  pid=$(pid_of box)
  systemctl stop docker.service docker.socket
  [ -d "/proc/$pid" ]
  hardenctl verify
  systemctl start docker
  equals "$(pid_of box)" "$pid"
  is_hardened box
  equals "$(docker exec box sed -n 's/^CapBnd:\t//p' /proc/self/status)" 0000000000000000
  docker update --pids-limit 20 box
  equals "$(cgroup_of box pids pids.max)" 20
  docker stop --time 1 box
  not test -d "/proc/$pid"
  docker start box
  is_hardened box
}

@test "upgraded under running containers: they live on, are executed into, and new ones are made" {
  local pid newer=$BATS_TEST_TMPDIR/newer before
  sleeper box
  pid=$(pid_of box)
  before=$(stat -c %i /usr/bin/hardened-runtime)
  dpkg-deb --raw-extract "$PACKAGE" "$newer"
  sed -i 's/^Version: .*/&+newer/' "$newer/DEBIAN/control"
  dpkg-deb -Zgzip -z1 --build --root-owner-group "$newer" "$newer.deb" >/dev/null
  apt-get install -o Dpkg::Use-Pty=0 -q -y "$newer.deb"
  [ "$(stat -c %i /usr/bin/hardened-runtime)" != "$before" ]
  [[ $(version_of hardened) == *+newer ]]
  equals "$(pid_of box)" "$pid"
  docker exec box true
  docker update --memory 64m --memory-swap 64m box
  docker pause box && docker unpause box
  hardenctl verify
  sleeper other
  is_hardened other
  docker stop --time 1 box
}

@test "Podman's own systemd cgroups and AppArmor profile; registered by a file of its own" {
  docker save "$BOX" | podman load --quiet
  hardenctl install podman --default
  # The network is Podman's own; only crun enters one that the container's users do not own.
  policy '{"version": 1, "runtimes": ["/usr/bin/crun"]}'
  podman run -d --name box "docker.io/$BOX" sleep 600
  pid_of() { podman inspect --format '{{.State.Pid}}' "$1"; }
  no_capability box
  [[ $(confinement_of box) == "containers-default-"*" (enforce)" ]]
  [[ $(cat "/proc/$(pid_of box)/cgroup") == "0::/machine.slice/libpod-"*.scope* ]]
  equals "$(podman exec box cat /sys/fs/cgroup/memory.max)" 536870912
  run podman run --rm -v /run/docker.sock:/s "docker.io/$BOX" true
  matches 'hardened: refused by engine-sockets: '
  hardenctl verify
  podman rm -f --time 1 box
  hardenctl uninstall podman
}

@test "what is to come back after the restart" {
  # With an init, which a SIGTERM ends: systemd stops its scope when the machine goes down.
  hardened -d --name "$LASTING" --restart=always --init "$BOX" sleep infinity
  is_hardened "$LASTING"
}
