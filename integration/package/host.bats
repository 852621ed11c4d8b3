#!/usr/bin/env bats
# The package on a host with a real dockerd and containers: installed, upgraded under them, kept, and removed. The host's
# own /usr, /etc and /var are only looked at: what dpkg and the programs write goes to a layer above them.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers
# What daemon.json shall name.
export HARDENED_STAGE=/usr
# shellcheck source=integration/docker/daemon.bash
source "$HARDENED_SOURCE/integration/docker/daemon.bash"
# shellcheck source=integration/docker/images.bash
source "$HARDENED_SOURCE/integration/docker/images.bash"
# shellcheck source=integration/package/layers.bash
source "$HARDENED_SOURCE/integration/package/layers.bash"

setup_file() {
  unset DOCKER_HOST
  PACKAGE=$(HARDENED_STAGE='' package_under_test)
  export PACKAGE
  [ -n "$PACKAGE" ]
  daemon_up '{}' prepare
  make_images
}
teardown_file() { daemon_down; }

# prepare: the package on layers of its own, and an odd configuration of dockerd's.
prepare() {
  daemon_config '{"debug": false}' | jq --tab 'del(.runtimes)' >"$HARDENED_DAEMON/daemon.json"
  cp "$HARDENED_DAEMON/daemon.json" "$BATS_FILE_TMPDIR/daemon.json"
  put_layers
  package_manager --install "$(seen_inside "$PACKAGE")"
}

# package_manager ARGUMENT...: without triggers, of which the host's index of all manual pages is the slow one.
package_manager() { inside dpkg --no-triggers "$@"; }
inode() { inside stat -c %i "$1"; }
has_no_capability() { [ "$(docker exec "$1" grep CapBnd /proc/1/status | cut -f2)" = 0000000000000000 ]; }
is_default() { [ "$(docker info --format '{{.DefaultRuntime}}')" = "$1" ]; }
phases() { inside bash -c 'jq -r ".phases[]" /var/lib/hardened/training/*.jsonl' | sort | tr '\n' ' '; }

@test "installed from the package and registered, it hardens what Docker runs" {
  inside hardenctl install docker --default --training --config "$HARDENED_DAEMON/daemon.json"
  wait_for 10 is_default hardened
  docker run -d --name one "$BOX" sleep 600
  # It goes on making calls, for the phase "serve" to have some.
  docker run -d --name two --runtime=hardened-train "$BOX" sh -c 'trap exit TERM; while :; do sleep 0.1; done'
  has_no_capability one
  run docker run --rm -v /run/docker.sock:/s "$BOX" true
  contains "hardened: refused by engine-sockets"
}

@test "a removal is refused: a configuration names it, and containers run" {
  run package_manager --remove hardened
  [ "$status" != 0 ]
  contains "$HARDENED_DAEMON/daemon.json names its runtimes"
  contains "$(docker inspect --format '{{.Id}}' one)"
  contains "$(docker inspect --format '{{.Id}}' two)"
  [ "$(inside dpkg-query -W -f '${db:Status-Status}' hardened)" = installed ]
  has_no_capability one
}

@test "upgraded under running containers: they stay controllable, and new ones are made" {
  local old newer
  old=$(inode /usr/bin/hardened-runtime)
  newer=$(newer_package "$PACKAGE" "$BATS_TEST_TMPDIR")
  run package_manager --install "$(seen_inside "$newer")"
  [ "$status" = 0 ]
  contains "Unpacking hardened ($(dpkg-deb -f "$newer" Version)) over"
  [ "$(inode /usr/bin/hardened-runtime)" != "$old" ]
  has_no_capability one
  [ "$(docker exec one cat /proc/self/status | sed -n 's/^NoNewPrivs:\t//p')" = 1 ]
  docker update --memory 64m --memory-swap 64m one
  run docker update --memory 900g --memory-swap 900g one
  [ "$status" != 0 ]
  docker pause one && docker unpause one
  docker exec two true
  inside hardenctl verify
  docker run --rm "$BOX" true
}

@test "a downgrade is no other matter, and the grants' links hold" {
  run package_manager --install "$HARDENED_DAEMON/${PACKAGE##*/}"
  [ "$status" = 0 ]
  contains "dpkg: warning: downgrading"
  inside bash -c 'for link in /run/hardened/grants/*/*/runtime; do test -x "$link" || exit 1; done'
  docker exec one true
  docker stop two
  # Its recorder was replaced twice meanwhile.
  [ "$(phases)" = "exec serve start stop " ] || { phases && false; }
}

@test "logrotate takes the log away, and the chain goes on" {
  inside logrotate --force --state "$HARDENED_DAEMON/logrotate" /etc/logrotate.d/hardened
  inside test ! -e /var/log/hardened/audit.jsonl
  docker exec one true
  run inside hardenctl audit verify
  [ "$status" = 0 ]
  run inside hardenctl audit verify --older /var/log/hardened/audit.jsonl.1
  [ "$status" = 0 ]
  contains "intact: records 1 to "
  inside logrotate --force --state "$HARDENED_DAEMON/logrotate" /etc/logrotate.d/hardened
  docker exec one true
  inside gunzip /var/log/hardened/audit.jsonl.2.gz
  inside hardenctl audit verify --older /var/log/hardened/audit.jsonl.2 /var/log/hardened/audit.jsonl.1
}

@test "uninstalled and without containers it goes, and nothing of Docker's with it" {
  inside hardenctl uninstall docker --config "$HARDENED_DAEMON/daemon.json"
  cmp "$HARDENED_DAEMON/daemon.json" "$BATS_FILE_TMPDIR/daemon.json"
  run package_manager --purge hardened
  [ "$status" != 0 ]
  contains "cannot be removed while containers run"
  remove_containers
  package_manager --purge hardened
  cmp "$HARDENED_DAEMON/daemon.json" "$BATS_FILE_TMPDIR/daemon.json"
  for path in /etc/hardened /run/hardened /var/lib/hardened /var/log/hardened /usr/bin/hardened-runtime /etc/logrotate.d/hardened; do
    inside test ! -e "$path"
  done
  docker run --rm --runtime=runc "$BOX" true
}
