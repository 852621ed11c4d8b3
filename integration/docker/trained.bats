#!/usr/bin/env bats
# From real servers under training mode to profiles that fit them: recorded while real clients use them, generated,
# installed, and in force for the same work; what was not recorded is denied. All nine, and many runs:
# integration/trained.

load helpers
# shellcheck source=integration/docker/services.bash
source "$BATS_TEST_DIRNAME/services.bash"
# shellcheck source=integration/docker/servers.bash
source "$BATS_TEST_DIRNAME/servers.bash"
# shellcheck source=integration/docker/training.bash
source "$BATS_TEST_DIRNAME/training.bash"

# Alone, with an entrypoint that writes below /etc, with a directory below /run, as another user.
TRAINED=(nginx redis memcached nginx-image mariadb python)

setup_file() {
  suite_up "$(jq -n --arg train "$HARDENED_STAGE/bin/hardened-train" '{runtimes: {"hardened-train": {path: $train}}}')"
  training_up "${TRAINED[@]}"
  local server
  for server in "${TRAINED[@]}"; do train "$server" 2; done
}
teardown_file() {
  suite_down
  rm -rf "$LOGS" "$PROFILES"
}
setup() { policy "$(select_installed)"; }
teardown() {
  local id
  unwatch
  for id in $(docker ps -aq --filter network=services | grep -v "^$(docker ps -q --filter name=client)"); do
    docker rm -f -v "$id" >/dev/null
  done
  policy_reset
}

# in_force SERVER: how many calls the kernel lets through to it.
in_force() { "$HARDENED_WORKLOADS/filter" "$(pid_of "$1")" | awk '{ print $3 }'; }

# more_calls: how many calls the low-level runtime makes that neither runc 1.1 nor these servers make. Since the fixes of
# CVE-2025-31133 runc closes its descriptors through a handle of procfs: eight calls, of which these servers make two.
more_calls() {
  case $("$(low_level_runtime)" --version | awk 'NR == 1 { print $1, $3 }') in
    "runc 1.2."[89]* | "runc 1.2.1"[0-9]* | "runc 1.3."[3-9]* | "runc 1."[4-9]*) echo 6 ;;
    *) echo 0 ;;
  esac
}

# refused_call CALL COMMAND...: it fails, and the kernel refused that call.
refused_call() {
  local call=$1
  shift
  watch
  run "$@"
  refusals >"$BATS_TEST_TMPDIR/refusals"
  cat "$BATS_TEST_TMPDIR/refusals"
  [ "$status" -ne 0 ] && grep -q "^$call " "$BATS_TEST_TMPDIR/refusals"
}

@test "each run left a complete log, with every phase" {
  local log
  [ "$(find "$LOGS" -name '*.jsonl' | wc -l)" -ge $((2 * ${#TRAINED[@]})) ]
  for log in "$LOGS"/*.jsonl; do
    equals "$(jq -c '[.complete, (.phases | sort)]' "$log")" '[true,["exec","serve","start","stop"]]'
  done
}

@test "nginx, redis and memcached alone get by on 70, 60 and 60 calls, runc 1.1's or crun's own among them" {
  local server limit
  while read -r server limit; do
    begin "$server" hardened
    echo "# $server: $(in_force "$server") calls" >&3
    [ "$(in_force "$server")" -ge 40 ]
    [ "$(in_force "$server")" -le $((limit + $(more_calls))) ]
  done <<<$'nginx 70\nredis 60\nmemcached 60'
}

@test "under its own profile each server lives its whole life again, and the kernel refuses it nothing new" {
  local server
  for server in "${TRAINED[@]}"; do
    watch
    lives "$server" hardened
    refusals >"$BATS_TEST_TMPDIR/refusals"
    cat "$BATS_TEST_TMPDIR/refusals"
    equals "$server $(new_refusals "$server" <"$BATS_TEST_TMPDIR/refusals")" "$server "
  done
}

@test "an image's directory below /run is there, and its own /etc can be written where that was decided" {
  begin mariadb hardened
  docker exec mariadb test -d /run/mysqld
  equals "$(document_of mariadb | jq -c '.writable | map(.path)')" '["/run/mysqld"]'
  equals "$(document_of nginx-image | jq -r .rootfs)" ephemeral
  equals "$(document_of nginx | jq -r .rootfs)" null
}

@test "it is the trained profile that is in force" {
  begin redis hardened
  equals "$(hardenctl audit show --json | jq -r 'select(.image == "hardened-test/redis:1") | .profile' | tail -n 1)" redis
}

@test "what was not recorded is denied, and the refusal is seen: a shell's pipe, another program, a raw socket" {
  begin nginx hardened
  refused_call pipe2 docker exec nginx sh -c 'id | cat'
  refused_call getcwd docker exec nginx python3 -c 'import os; os.getcwd()'
  begin redis hardened
  refused_call socket docker exec redis perl -e 'socket(my $s, 17, 3, 0) or die "denied: $!"'
  run docker exec redis unshare --user true
  [ "$status" -ne 0 ]
}
