#!/usr/bin/env bats
# Debian 13 as its administrator has it: its own dockerd, apt, and the package that was built on Debian 12. What it is
# registered with hardens; what it leaves behind is nothing.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers
# shellcheck source=integration/docker/daemon.bash
source "$HARDENED_SOURCE/integration/docker/daemon.bash"
# shellcheck source=integration/package/machine.bash
source "$BATS_TEST_DIRNAME/machine.bash"
# shellcheck source=integration/docker/images.bash
source "$HARDENED_SOURCE/integration/docker/images.bash"

setup_file() {
  PACKAGE=$(package_under_test)
  [ -n "$PACKAGE" ]
  make_root trixie docker.io docker-cli
  export PACKAGE ROOT
  # An odd one, that an equal one would not be made of by chance.
  mkdir -p "$ROOT/etc/docker"
  printf '{"bridge":"none" ,\r\n\t"iptables":false,"labels":["a=b\\/c"] , "default-runtime":"runc"}' >"$ROOT/etc/docker/daemon.json"
  chmod 640 "$ROOT/etc/docker/daemon.json"
  cp "$PACKAGE" "$ROOT/root/hardened_1_amd64.deb"
  machine_up
  start_docker
  box_rootfs "$BATS_FILE_TMPDIR/box"
  tar -C "$BATS_FILE_TMPDIR/box" --numeric-owner -c . | docker import -c 'ENV PATH=/bin' - "$BOX" >/dev/null
  rm -r "$BATS_FILE_TMPDIR/box"
  tree >"$BATS_FILE_TMPDIR/before"
}
teardown_file() { machine_down; }

docker() { in_machine docker "$@"; }

start_docker() {
  in_machine dockerd >"$BATS_FILE_TMPDIR/dockerd.log" 2>&1 3>&- </dev/null &
  disown
  wait_for 30 docker version || die "cannot start dockerd: $(tail -n 20 "$BATS_FILE_TMPDIR/dockerd.log")"
}

# status_inside RUNTIME: what the first process of a container is told about itself, in one line.
status_inside() {
  docker run --rm --runtime="$1" "$BOX" sh -c 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status; cat /proc/self/uid_map' |
    tr -s '\n\t ' ' '
}
is_default() { [ "$(docker info --format '{{.DefaultRuntime}}')" = "$1" ]; }

@test "it is Debian 13, with its own dockerd, and stock containers there are not hardened" {
  grep -q '^VERSION_ID="13"$' "$ROOT/etc/os-release"
  [[ $(docker version --format '{{.Server.Version}}') == 26.* ]]
  [[ $(status_inside runc) == 'CapEff: 00000000a80425fb NoNewPrivs: 0 Seccomp: '?' 0 0 4294967295 ' ]]
}

@test "apt installs the package, hardenctl registers it with the running dockerd, and what asks for nothing is hardened" {
  in_machine sh -c 'cd /root && apt install -o Dpkg::Use-Pty=0 -q -y ./hardened_*.deb'
  in_machine hardenctl install docker --default
  wait_for 10 is_default hardened
  docker run -d --name box "$BOX" sleep 600
  run docker exec box sh -c 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/1/status'
  [ "$(tr -s '\n\t ' ' ' <<<"$output")" = 'CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 ' ]
  read -r inner outer count < <(docker exec box cat /proc/1/uid_map)
  [ "$inner $count" = "0 65536" ]
  [ "$outer" -ge 65536 ]
  [[ $(status_inside hardened) == 'CapEff: 0000000000000000 NoNewPrivs: 1 Seccomp: 2 0 '*' 65536 ' ]]
  run docker run --rm -v /run/docker.sock:/s "$BOX" true
  contains "hardened: refused by engine-sockets"
  in_machine hardenctl verify
}

@test "uninstalled and purged, every file is byte for byte what it was" {
  run in_machine apt-get purge -o Dpkg::Use-Pty=0 -q -y hardened
  [ "$status" != 0 ]
  contains "/etc/docker/daemon.json names its runtimes"
  in_machine hardenctl uninstall docker
  docker rm -f box
  in_machine apt-get purge -o Dpkg::Use-Pty=0 -q -y hardened
  tree >"$BATS_TEST_TMPDIR/after"
  grep -q ' etc/docker/daemon.json\| .*/etc/docker/daemon.json$' "$BATS_TEST_TMPDIR/after"
  diff "$BATS_FILE_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
  in_machine sh -c '! test -e /run/hardened'
  docker run --rm --runtime=runc "$BOX" true
}
