#!/usr/bin/env bats
# The machine of vm/installed after it was restarted: nothing that lay in memory is there any more. At the end the
# package is removed.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

teardown_file() { no_containers; }
teardown() { no_containers; }

@test "hardened is still what containers get that name no runtime" {
  equals "$(default_runtime)" hardened
  sleeper box
  is_hardened box
  refused_run engine-sockets -v /run/docker.sock:/s "$BOX" true
}

lasting_runs() { running "$LASTING"; }

@test "a container that is always restarted has come back hardened, and can be worked with" {
  wait_for 30 lasting_runs
  is_hardened "$LASTING"
  equals "$(cat "/proc/$(pid_of "$LASTING")/cgroup")" "0::/system.slice/docker-$(id_of "$LASTING").scope"
  docker exec "$LASTING" true
  run hardenctl explain "$LASTING"
  contains 'profile     strict'
  hardenctl verify
}

@test "the audit log goes on where it was" {
  docker exec "$LASTING" true
  run hardenctl audit verify
  equals "$status" 0
  contains "intact: records 1 to "
}

@test "what the kernel denied by AppArmor since it started, it denied to nobody of ours" {
  run grep -c 'apparmor="DENIED".*profile="docker-default"' <(journalctl -k -b -o cat)
  equals "$output" 0
}

@test "uninstalled and purged; systemd's dockerd goes on without us" {
  run apt-get purge -o Dpkg::Use-Pty=0 -q -y hardened
  [ "$status" -ne 0 ]
  contains "/etc/docker/daemon.json names its runtimes"
  hardenctl uninstall docker
  equals "$(cat /etc/docker/daemon.json)" '{"live-restore": true}'
  systemctl restart docker
  docker rm -f "$LASTING"
  apt-get purge -o Dpkg::Use-Pty=0 -q -y hardened
  for path in /etc/hardened /run/hardened /var/lib/hardened /var/log/hardened /usr/bin/hardened-runtime; do
    not test -e "$path"
  done
  equals "$(default_runtime)" runc
  docker run --rm "$BOX" true
}
