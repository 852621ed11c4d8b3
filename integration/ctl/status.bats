#!/usr/bin/env bats
# hardenctl status and audit follow: each line of the screen well and ill, and a log that grows while it is read.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup() {
  DIRECTORY=$(suite_directory)
  AUDIT_LOG=$HARDENED_STAGE/var/log/hardened/audit.jsonl
  CONFIG=$DIRECTORY/daemon.json
  WHERE=(--docker-config "$CONFIG" --docker-data "$DIRECTORY" --docker-socket "$DIRECTORY/none")
  remove_state
  use_runtime "$(command -v runc)"
  hardenctl install docker --default --config "$CONFIG" >/dev/null
}
teardown() {
  [ -z "${FOLLOWER:-}" ] || kill "$FOLLOWER" 2>/dev/null || true
  rm -rf "$DIRECTORY" "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened" "$HARDENED_STAGE/var/lib/hardened/install"
}

# record NAME [FILTER]: has the runtime judge a bundle, which leaves a record.
record() {
  rm -rf "$DIRECTORY/bundle"
  make_bundle "$DIRECTORY/bundle" "${2:-.}"
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" "$1" >/dev/null 2>&1 3>&- </dev/null || return 0
  runc --root "$DIRECTORY/root" delete --force "$1"
}
HOST_PID='.linux.namespaces |= map(select(.type != "pid"))'

# told PART: "HEALTH DETAIL" of a line of the screen.
told() {
  run --separate-stderr hardenctl status "${WHERE[@]}" --json
  jq -r --arg part "$1" '.[$part] | "\(.health) \(.detail)"' <<<"$output"
}

# is TEXT PATTERN
is() {
  # shellcheck disable=SC2053 # a pattern
  [[ $1 == $2 ]] || {
    printf 'expected: %s\ngot: %s\n' "$2" "$1"
    return 1
  }
}

@test "status: docker asks us, or does not" {
  is "$(told docker)" "pass containers get hardened; registered: hardened, hardened-compat; dockerd does not run"
  echo '{}' >"$CONFIG"
  is "$(told docker)" "FAIL dockerd knows none of our runtimes"
  ends 1 status "${WHERE[@]}"
  contains "hardenctl install docker --default"
  rm "$CONFIG"
  is "$(told docker)" "FAIL *"
}

@test "status: the policy in force, one that only audits, and a broken one" {
  is "$(told policy)" "pass $(policy_file): mode enforce, profile strict"
  jq '. + {"mode": "audit"}' "$(policy_file)" >"$DIRECTORY/policy" && cp "$DIRECTORY/policy" "$(policy_file)"
  is "$(told policy)" "note *mode audit*"
  echo '{"version": 1, "mod": "audit"}' >"$(policy_file)"
  is "$(told policy)" "FAIL *policy.json:1: *mode*"
  ends 1 status "${WHERE[@]}"
  rm "$(policy_file)"
  is "$(told policy)" "pass built in: mode enforce, profile strict"
}

@test "status: the log before the first record, with one, and tampered with" {
  is "$(told audit-log)" "pass *is made by the first container"
  record fine
  is "$(told audit-log)" "pass $AUDIT_LOG: * bytes, 1 records, intact"
  sed -i 's/fine/evil/' "$AUDIT_LOG"
  is "$(told audit-log)" "FAIL *not what was written"
  ends 1 status "${WHERE[@]}"
}

@test "status: a log too large to be walked for a screen, one that is no file, and none that can be" {
  record fine
  truncate -s 65M "$AUDIT_LOG"
  is "$(told audit-log)" "note $AUDIT_LOG: 68157440 bytes, not walked"
  rm "$AUDIT_LOG"
  mkfifo "$AUDIT_LOG"
  is "$(told audit-log)" "FAIL cannot trust $AUDIT_LOG: not a regular file*"
  rm -r "${AUDIT_LOG%/*}"
  touch "${AUDIT_LOG%/*}"
  is "$(told audit-log)" "FAIL cannot look at $AUDIT_LOG: *"
}

@test "status: a container that runs, and one whose process is gone" {
  make_bundle "$DIRECTORY/bundle" .
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" web >/dev/null 2>&1 3>&- </dev/null
  is "$(told containers)" "* 1 hardened, 0 in training, *"
  runc --root "$DIRECTORY/root" delete --force web
  is "$(told containers)" "* 0 hardened, 0 in training, *"
}

@test "status: grants that cannot be trusted are said, and all else is told" {
  mkdir -p "$HARDENED_STAGE/run/hardened/grants"
  chmod 0777 "$HARDENED_STAGE/run/hardened/grants"
  is "$(told containers)" "FAIL cannot *run/hardened*"
  is "$(told policy)" "pass *"
  chmod 0711 "$HARDENED_STAGE/run/hardened/grants"
  is "$(told containers)" "* 0 hardened, *"
}

@test "status: what the host lacks" {
  is "$(told host)" "* *"
  use_runtime /nowhere/runc
  is "$(told host)" "FAIL lacks *runtime*"
}

# follow ARGUMENT...: in the background, into $DIRECTORY/seen.
follow() {
  "$HARDENED_STAGE/bin/hardenctl" audit follow "$@" >"$DIRECTORY/seen" 2>"$DIRECTORY/complaints" 3>&- </dev/null &
  FOLLOWER=$!
}
twice() { [ "$(grep -c "$1" "$DIRECTORY/seen")" = 2 ]; }
seen() { [ "$(wc -l <"$DIRECTORY/seen")" -ge "$1" ]; }

@test "follow: records as they are written, across a rotation, of a log that was not there" {
  follow --json
  record one
  wait_for 60 seen 1
  mv "$AUDIT_LOG" "$AUDIT_LOG.1"
  record two
  wait_for 60 seen 2
  cp -p "$AUDIT_LOG" "$AUDIT_LOG.copy"
  mv "$AUDIT_LOG" "$AUDIT_LOG.2"
  mv "$AUDIT_LOG.copy" "$AUDIT_LOG"
  record three
  wait_for 60 seen 4 # of the file put in its place, all
  equals "$(jq -r .container "$DIRECTORY/seen")" $'one\ntwo\ntwo\nthree'
}

@test "follow: the last ones first, and only those asked for" {
  record one
  record two
  follow --last 1 --format cef --verdict allowed
  wait_for 60 seen 1
  record evil "$HOST_PID"
  record three
  wait_for 60 seen 2
  equals "$(grep -o 'cs1=[^ ]*' "$DIRECTORY/seen")" $'cs1=two\ncs1=three'
  kill "$FOLLOWER"
  follow --last 1 --verdict refused
  wait_for 60 seen 1
  record four
  record evil "$HOST_PID"
  wait_for 60 twice "refused host-namespaces"
  run grep -c four "$DIRECTORY/seen"
  equals "$output" 0
}

@test "follow: what is no record is said, and a name cannot repaint the terminal" {
  record $'two\e[2J'
  follow
  wait_for 60 seen 1
  output=$(cat "$DIRECTORY/seen")
  contains 'two?[2J'
  echo junk >>"$AUDIT_LOG"
  wait_for 60 grep -q "1 lines are no records" "$DIRECTORY/complaints"
  ends 2 audit follow --format xml
}
