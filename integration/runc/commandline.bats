#!/usr/bin/env bats
# runc's command line with the real runtime below, every spelling that an engine or a person may use.

load helpers

setup_file() {
  DIRECTORY=$(suite_directory)
  export DIRECTORY
  ROOT=$DIRECTORY/root
  export ROOT
  use_runtime "$(command -v runc)"
}
teardown_file() {
  rm -rf "$DIRECTORY"
  rm -f "$(policy_file)"
}
setup() {
  BUNDLE=$DIRECTORY/bundle
  make_bundle "$BUNDLE"
  ID=test-$$-$BATS_TEST_NUMBER
  LOG=$DIRECTORY/log.json
  rm -f "$LOG"
}
teardown() { runc --root "$ROOT" delete --force "$ID" 2>/dev/null || true; }

# The output goes to files: a container that starts after all would keep the pipe of `run` open.
quietly() { "$@" >"$DIRECTORY/out" 2>"$DIRECTORY/err" </dev/null 3>&-; }
create() { quietly shim --root "$ROOT" --log "$LOG" --log-format json create "$@"; }

# hardened_now: the container exists and its init has no capability.
hardened_now() {
  local pid
  pid=$(runc --root "$ROOT" state "$ID" | jq .pid)
  runc --root "$ROOT" start "$ID"
  wait_for 5 grep -qx sleep "/proc/$pid/comm"
  equals "$(awk '/^Cap(Eff|Bnd)/ { print $2 }' "/proc/$pid/status" | sort -u)" 0000000000000000
}

@test "--bundle B" {
  create --bundle "$BUNDLE" "$ID"
  hardened_now
}
@test "--bundle=B" {
  create --bundle="$BUNDLE" "$ID"
  hardened_now
}
@test "-b B" {
  create -b "$BUNDLE" "$ID"
  hardened_now
}
@test "-bundle B" {
  create -bundle "$BUNDLE" "$ID"
  hardened_now
}
@test "the flag given twice: the last one counts" {
  create --bundle /nonexistent --bundle "$BUNDLE" "$ID"
  hardened_now
}
@test "flags after the id" {
  create "$ID" --bundle "$BUNDLE"
  hardened_now
}
@test "no flag: the working directory" {
  cd "$BUNDLE"
  create "$ID"
  hardened_now
}
@test "run --detach is as good as create" {
  quietly shim --root "$ROOT" run --detach --bundle "$BUNDLE" "$ID"
  local pid
  pid=$(runc --root "$ROOT" state "$ID" | jq .pid)
  equals "$(awk '/^CapBnd/ { print $2 }' "/proc/$pid/status")" 0000000000000000
}
@test "a container called create" {
  ID=create
  create --bundle "$BUNDLE" "$ID"
  hardened_now
}

@test "the same id again after delete, and never while it lives" {
  create --bundle "$BUNDLE" "$ID"
  make_bundle "$DIRECTORY/second"
  run create --bundle "$DIRECTORY/second" "$ID"
  [ "$status" -ne 0 ]
  hardened_now
  shim --root "$ROOT" delete --force "$ID"
  create --bundle "$DIRECTORY/second" "$ID"
  hardened_now
}

@test "success is silent" {
  create --bundle "$BUNDLE" "$ID"
  [ ! -s "$DIRECTORY/out" ]
  [ ! -s "$DIRECTORY/err" ]
  [ ! -s "$LOG" ]
}

@test "config.json keeps owner and mode, and members nobody knows in annotations" {
  make_bundle "$BUNDLE" '.annotations = {"com.example.kept": "yes"}'
  chmod 640 "$BUNDLE/config.json"
  chgrp 42 "$BUNDLE/config.json"
  create --bundle "$BUNDLE" "$ID"
  equals "$(stat -c '%u %g %a' "$BUNDLE/config.json")" "0 42 640"
  equals "$(jq -r '.annotations["com.example.kept"]' "$BUNDLE/config.json")" yes
}

# one_error: the log holds exactly one object, an error with a time that Go's RFC 3339 reader takes.
one_error() {
  equals "$(wc -l <"$LOG")" 1
  jq -e '.level == "error" and (.msg | startswith("hardened: ")) and
         (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$"))' "$LOG" >/dev/null
}

@test "an unknown flag on create fails closed, with one line in the log" {
  run create --bundle "$BUNDLE" --no-such-flag "$ID"
  equals "$status" 1
  one_error
  run runc --root "$ROOT" state "$ID"
  [ "$status" -ne 0 ]
}

@test "an unknown global flag on create fails closed" {
  run quietly shim --root "$ROOT" --log "$LOG" --log-format json --no-such-flag create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
}

@test "a refusal: exit status 1, one line in the log, the bundle untouched" {
  make_bundle "$BUNDLE" '.linux.namespaces |= map(select(.type != "pid"))'
  before=$(sha256sum <"$BUNDLE/config.json")
  run create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  one_error
  run jq -r .msg "$LOG"
  contains "hardened: refused by host-namespaces: "
  equals "$(sha256sum <"$BUNDLE/config.json")" "$before"
}

@test "--log-format text" {
  make_bundle "$BUNDLE" '.linux.namespaces |= map(select(.type != "pid"))'
  run quietly shim --root "$ROOT" --log "$LOG" --log-format text create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  run cat "$LOG"
  contains "level=error msg=\"hardened: refused by host-namespaces: "
  contains "time="
}

@test "without --log the reason goes to standard error" {
  make_bundle "$BUNDLE" '.linux.namespaces |= map(select(.type != "pid"))'
  run quietly shim --root "$ROOT" create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  [ ! -s "$DIRECTORY/out" ]
  run cat "$DIRECTORY/err"
  contains "hardened: refused by host-namespaces: "
}

@test "a bundle that is not there, a config that is no JSON, a config that says things twice" {
  run create --bundle "$DIRECTORY/nonexistent" "$ID"
  equals "$status" 1
  one_error
  rm "$LOG"
  echo '{' >"$BUNDLE/config.json"
  run create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  one_error
  rm "$LOG"
  make_bundle "$BUNDLE"
  sed -i '0,/{/s//{"process": {}, /' "$BUNDLE/config.json"
  run create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  one_error
}

started() {
  create --bundle "$BUNDLE" "$ID"
  runc --root "$ROOT" start "$ID"
}

@test "exec: inline, with --process, and with flags that ask for more" {
  started
  run shim --root "$ROOT" exec "$ID" /bin/busybox grep CapEff /proc/self/status
  equals "$output" $'CapEff:\t0000000000000000'
  jq '.process | .args = ["/bin/busybox", "grep", "-E", "CapEff|NoNew", "/proc/self/status"] | .noNewPrivileges = false
      | .capabilities.effective = ["CAP_KILL"] | .capabilities.bounding = ["CAP_KILL"] | .capabilities.permitted = ["CAP_KILL"]' \
    "$BUNDLE/config.json" >"$DIRECTORY/process.json"
  run shim --root "$ROOT" exec --process "$DIRECTORY/process.json" "$ID"
  equals "$output" $'CapEff:\t0000000000000000\nNoNewPrivs:\t1'
  run shim --root "$ROOT" exec --cap CAP_SYS_ADMIN "$ID" /bin/busybox grep CapEff /proc/self/status
  [ "$status" -ne 0 ] || equals "$output" $'CapEff:\t0000000000000000'
  run shim --root "$ROOT" exec nosuch /bin/busybox true
  equals "$status" 255
  [[ $output == *"what the container was granted is not known"*"its id and --root"* ]]
}

@test "exec by flags: with ids of the container, and never without no-new-privileges" {
  started
  run shim --root "$ROOT" exec --user 5:7 "$ID" /bin/busybox id
  equals "$output" "uid=5 gid=7"
  run shim --root "$ROOT" exec --no-new-privs=false "$ID" /bin/busybox true
  equals "$status" 255
  contains "the flags ask for more than the container was granted, at /process/noNewPrivileges"
  run shim --root "$ROOT" exec --user 5:7 --additional-gids 0 "$ID" /bin/busybox id
  equals "$status" 255
  contains "refused by additional-groups"
}

@test "exec hands on the status, and failures of ours end with 255" {
  started
  run shim --root "$ROOT" exec "$ID" /bin/sh -c 'exit 5'
  equals "$status" 5
  run shim --root "$ROOT" --log "$LOG" --log-format json exec --process "$DIRECTORY/nonexistent" "$ID"
  equals "$status" 255
  one_error
  rm "$LOG"
  run shim --root "$ROOT" --log "$LOG" --log-format json exec --no-such-flag "$ID" /bin/sh
  equals "$status" 255
  one_error
}

@test "update by a file, by standard input, and beyond the maxima" {
  started
  local pid file
  pid=$(runc --root "$ROOT" state "$ID" | jq .pid)
  echo '{"pids": {"limit": 33}}' >"$DIRECTORY/resources.json"
  shim --root "$ROOT" update --resources "$DIRECTORY/resources.json" "$ID"
  file=$(pids_file "$pid")
  equals "$(cat "$file")" 33
  echo '{"pids": {"limit": 34}}' | shim --root "$ROOT" update --resources=- "$ID"
  equals "$(cat "$file")" 34
  echo '{"pids": {"limit": -1}}' >"$DIRECTORY/resources.json"
  run shim --root "$ROOT" --log "$LOG" --log-format json update --resources "$DIRECTORY/resources.json" "$ID"
  equals "$status" 1
  one_error
  equals "$(cat "$file")" 34
}

@test "update by flags: what they say is in force" {
  started
  local pid processor
  pid=$(runc --root "$ROOT" state "$ID" | jq .pid)
  processor=$(awk '/^Cpus_allowed_list/ { print $2 + 0 }' "/proc/$pid/status")
  shim --root "$ROOT" update --pids-limit 31 --cpuset-cpus "$processor" "$ID"
  equals "$(cat "$(pids_file "$pid")")" 31
  equals "$(awk '/^Cpus_allowed_list/ { print $2 }' "/proc/$pid/status")" "$processor"
}

pids_file() {
  if [ -d /sys/fs/cgroup/pids ]; then
    printf '/sys/fs/cgroup/pids%s/pids.max\n' "$(awk -F: '$2 == "pids" { print $3 }' "/proc/$1/cgroup")"
  else
    printf '/sys/fs/cgroup%s/pids.max\n' "$(awk -F: '$1 == "0" { print $3 }' "/proc/$1/cgroup")"
  fi
}

@test "mappings of ids without a user namespace to map them in are refused" {
  make_bundle "$BUNDLE" '.linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]'
  run create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  run jq -r .msg "$LOG"
  contains "its configuration maps ids, and has no user namespace to map them in"
}

@test "restore without a hardened spec is refused or hardened, never passed on" {
  run quietly shim --root "$ROOT" --log "$LOG" --log-format json restore --bundle "$BUNDLE" --image-path "$DIRECTORY" "$ID"
  [ "$status" -ne 0 ]
  run cat "$LOG"
  contains hardened
}

@test "a runtime that is ourselves is not called" {
  use_runtime "$HARDENED_STAGE/bin/hardened-runtime"
  run quietly timeout 10 "$HARDENED_STAGE/bin/hardened-runtime" --root "$ROOT" --log "$LOG" --log-format json create --bundle "$BUNDLE" "$ID"
  equals "$status" 1
  use_runtime "$(command -v runc)"
}
