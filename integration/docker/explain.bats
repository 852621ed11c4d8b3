#!/usr/bin/env bats
# hardenctl explain and status beside a real dockerd: what was changed in a container, by its name; what would be in one
# that runs without us; and one screen about all of it.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() {
  # Another suite falsifies a record, and status walks the whole log.
  rm -rf "$HARDENED_STAGE/var/log/hardened"
  suite_up
}
teardown_file() { suite_down; }
teardown() {
  remove_containers
  policy_reset
}

ctl() { inside "$HARDENED_STAGE/bin/hardenctl" "$@"; }

# ends STATUS ARGUMENT...: of hardenctl.
ends() {
  local wanted=$1
  shift
  run --separate-stderr ctl "$@"
  equals "hardenctl $* ended with $status" "hardenctl $* ended with $wanted" || {
    printf '%s\n%s\n' "$output" "$stderr"
    return 1
  }
}

id_of() { docker inspect --format '{{.Id}}' "$1"; }

@test "a hardened container, by its name and by its id: the record of its create" {
  sleeper web --label team=a
  ends 0 explain web
  contains "container   $(id_of web)"
  contains "name        web"
  contains "engine      docker"
  contains "image       $BOX"
  contains "capabilities: Processes have the profile's capabilities only"
  contains '"CAP_CHOWN","CAP_DAC_OVERRIDE"'
  contains "references  OWASP Docker Top 10 D04"
  ends 0 explain "$(id_of web | cut -c1-8)" --json
  equals "$(jq -r '.source, .name, .container' <<<"$output")" "audit log
web
$(id_of web)"
  docker exec web true
  docker exec web true
  ends 0 explain web
  contains "since then: 2 exec allowed"
  ends 0 explain web --diff
  contains "@@ /process/noNewPrivileges (no-new-privileges)"
}

@test "a refused container is explained by the name it was to have" {
  run docker run --name evil --runtime=hardened --pid=host "$BOX" true
  [ "$status" -ne 0 ]
  ends 1 explain evil
  contains "refused by host-namespaces"
  contains "name        evil"
}

@test "a container without us: what we would change, and nothing is changed by asking" {
  local records
  stock -d --name plain "$BOX" sleep 600 >/dev/null
  records=$(ctl audit show --json 2>/dev/null | wc -l)
  ends 0 explain plain --json
  equals "$(jq -r '.source, .name, .engine, .image, .profile' <<<"$output")" "judged now
plain
docker
$BOX
strict"
  jq -e '[.controls[].id] | contains(["capabilities", "no-new-privileges", "seccomp", "user-namespace", "pids"])' \
    <<<"$output" >/dev/null
  ends 0 explain plain --diff
  contains '+        "type": "user"'
  equals "$(ctl audit show --json 2>/dev/null | wc -l)" "$records"
  docker exec plain true
  equals "$(docker inspect --format '{{.State.Running}}' plain)" true
  stock -d --name open --pid=host "$BOX" sleep 600 >/dev/null
  ends 1 explain open
  contains "verdict     refused: hardened: refused by"
}

@test "what is told of a container without us is what a create then does to the same one" {

  stock -d --name same --memory 64m --cap-drop NET_RAW "$BOX" sleep 600 >/dev/null
  ends 0 explain same --json
  jq -S "[.controls[] | .id as \$id | .findings[] | [\$id, .outcome, .reason]] | unique" <<<"$output" >"$BATS_TEST_TMPDIR/told"
  docker rm -f same >/dev/null
  hardened -d --name same --memory 64m --cap-drop NET_RAW "$BOX" sleep 600 >/dev/null
  ends 0 explain same --json
  jq -S "[.controls[] | .id as \$id | .findings[] | [\$id, .outcome, .reason]] | unique" <<<"$output" >"$BATS_TEST_TMPDIR/done"
  diff "$BATS_TEST_TMPDIR/told" "$BATS_TEST_TMPDIR/done"
}

@test "status: what runs hardened, what runs without us, and what the policy says of it" {
  local config=$HARDENED_DAEMON/daemon.json
  sleeper web
  stock -d --name plain "$BOX" sleep 600 >/dev/null
  run --separate-stderr ctl status --docker-config "$config" --docker-data "$HARDENED_DAEMON/root" --json
  [ "$status" -le 1 ]
  equals "$(jq -r '.containers.hardened[]' <<<"$output")" "$(id_of web)"
  equals "$(jq -r '.containers.outside[]' <<<"$output")" "$(id_of plain)"
  equals "$(jq -r '."audit-log".intact, .policy.mode, .docker.registered[0]' <<<"$output")" $'true\nenforce\nhardened'
  [ "$(jq '.docker.pids | length' <<<"$output")" -ge 1 ]
  run --separate-stderr ctl status --docker-config "$config" --docker-data "$HARDENED_DAEMON/root"
  contains "1 hardened, 0 in training, 1 without us"
  docker rm -f web plain >/dev/null
  run --separate-stderr ctl status --docker-config "$config" --docker-data "$HARDENED_DAEMON/root"
  contains "0 hardened, 0 in training, 0 without us"
}

@test "status: a training in progress is counted apart" {
  docker run -d --name learns --runtime=hardened-train "$BOX" sleep 600 >/dev/null
  run --separate-stderr ctl status --docker-config "$HARDENED_DAEMON/daemon.json" --json
  equals "$(jq -r '.containers | "\(.hardened | length) \(.training[])"' <<<"$output")" "0 $(id_of learns)"
  docker stop -t 1 learns >/dev/null
  docker rm learns >/dev/null
  run --separate-stderr ctl status --docker-config "$HARDENED_DAEMON/daemon.json" --json
  equals "$(jq -c '.containers.training' <<<"$output")" "[]"
  rm -rf "$HARDENED_STAGE/var/lib/hardened/training"
}

@test "audit follow: the records of containers and of what is executed in them, as they come" {
  local seen=$BATS_TEST_TMPDIR/seen follower
  sleeper before
  inside "$HARDENED_STAGE/bin/hardenctl" audit follow --last 1 --json >"$seen" 2>&1 3>&- </dev/null &
  follower=$!
  wait_for 60 test -s "$seen"
  sleeper web
  docker exec web true
  run docker run --rm --runtime=hardened --pid=host "$BOX" true
  docker update --pids-limit 100 web >/dev/null
  wait_for 60 grep -q '"operation":"update"' "$seen"
  kill "$follower"
  equals "$(jq -r '"\(.operation) \(.verdict)"' "$seen")" "create allowed
create allowed
exec allowed
create refused
update allowed"
}
