#!/usr/bin/env bats
# hardenctl explain on bundles and on records: what it says is what create does, and saying it does nothing.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup() {
  DIRECTORY=$(suite_directory)
  AUDIT_LOG=$HARDENED_STAGE/var/log/hardened/audit.jsonl
  remove_state
  use_runtime "$(command -v runc)"
}
teardown() { rm -rf "$DIRECTORY" && remove_state; }

# bundle NAME [FILTER]
bundle() {
  make_bundle "$DIRECTORY/$1" ".process.noNewPrivileges = false | ${2:-.}"
}

# create NAME: has the runtime judge the bundle of that name, and ends the container.
create() {
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/$1" "$1" >/dev/null 2>&1 3>&- </dev/null || return 0
  runc --root "$DIRECTORY/root" delete --force "$1"
}

HOST_PID='.linux.namespaces |= map(select(.type != "pid"))'

ETC='.mounts += [{"destination": "/data", "type": "bind", "source": "/etc", "options": ["rbind", "ro"]}]'

# Host ids are another container's every time.
no_ids='walk(if type == "object" and has("hostID") then .hostID = 0 else . end)'

@test "a bundle: what is told is what create does, finding for finding" {
  local name
  bundle plain
  bundle limits '.linux.resources = {"memory": {"limit": 99999999999999}, "pids": {"limit": -1}}'
  bundle evil "$HOST_PID"
  bundle volume "$ETC"
  for name in plain limits evil volume; do
    run --separate-stderr hardenctl explain "$DIRECTORY/$name" --runtime-root "$DIRECTORY/root" --json
    [ "$status" -le 1 ]
    jq -S "[.controls[] | .id as \$id | .findings[] | {control: \$id} + .] | $no_ids" <<<"$output" >"$DIRECTORY/told"
    jq -r .verdict <<<"$output" >"$DIRECTORY/verdict"
    jq -r .message <<<"$output" >"$DIRECTORY/message"
    create "$name"
    tail -n 1 "$AUDIT_LOG" | jq -S ".findings | $no_ids" >"$DIRECTORY/done"
    diff "$DIRECTORY/told" "$DIRECTORY/done"
    equals "$(cat "$DIRECTORY/verdict")" "$(tail -n 1 "$AUDIT_LOG" | jq -r .verdict)"
    equals "$(cat "$DIRECTORY/message")" "$(tail -n 1 "$AUDIT_LOG" | jq -r '.message // ""')"
  done
}

@test "a bundle: nothing is mounted, kept, logged or changed" {
  bundle plain
  cp "$DIRECTORY/plain/config.json" "$DIRECTORY/before"
  cut -d' ' -f2- /proc/self/mountinfo >"$DIRECTORY/mounts"
  ends 0 explain "$DIRECTORY/plain"
  contains "no-new-privileges: Processes cannot gain privileges"
  contains "references  OWASP Docker Top 10 D04"
  cmp "$DIRECTORY/before" "$DIRECTORY/plain/config.json"
  diff "$DIRECTORY/mounts" <(cut -d' ' -f2- /proc/self/mountinfo)
  [ ! -e "$HARDENED_STAGE/var/log/hardened" ]
  [ ! -e "$HARDENED_STAGE/run/hardened/grants" ]
  equals "$(ls "$HARDENED_STAGE/run/hardened")" runtimes # what runc said of its version
}

@test "a bundle: the spec before and after, without the values of its environment" {
  bundle plain '.process.env += ["TOKEN=geheim"]'
  ends 0 explain "$DIRECTORY/plain" --diff
  contains "--- $DIRECTORY/plain/config.json"
  contains "+++ what the runtime would get"
  [[ $output != *geheim* ]]
  grep -q '^+.*uidMappings' <<<"$output"
  ends 0 explain "$DIRECTORY/plain" --diff --json
  jq -e '.diff | contains("uidMappings")' <<<"$output" >/dev/null
}

@test "a bundle that would be refused: by what, how to allow it, and 1" {
  bundle evil "$HOST_PID"
  ends 1 explain "$DIRECTORY/evil"
  contains "refused: hardened: refused by host-namespaces"
  contains "host-namespaces: No namespace is shared with the host"
  contains "CIS Docker 1.6.0 5.16"
  ends 1 explain "$DIRECTORY/evil" --diff
  equals "$output" ""
}

@test "a bundle under another profile, program or policy" {
  bundle caps '.process.capabilities.bounding += ["CAP_CHOWN"]'
  ends 0 explain "$DIRECTORY/caps" --profile compat --json
  equals "$(jq -r .profile <<<"$output")" compat
  ends 0 explain "$DIRECTORY/caps" --program hardened-compat --json
  equals "$(jq -r .profile <<<"$output")" compat
  bundle volume "$ETC"
  ends 1 explain "$DIRECTORY/volume"
  jq '. + {"controls": {"sensitive-mounts": "warn"}}' "$(policy_file)" >"$DIRECTORY/policy.json"
  ends 0 explain "$DIRECTORY/volume" --policy "$DIRECTORY/policy.json"
  contains "warned "
  ends 2 explain "$DIRECTORY/caps" --profile compta
  complains 'did you mean "compat"?'
  ends 2 explain "$DIRECTORY/nowhere"
  complains "$DIRECTORY/nowhere"
}

@test "a record: by the id or how it begins, control by control" {
  bundle web
  create web
  bundle evil-1 "$HOST_PID"
  create evil-1
  ends 0 explain web
  contains "verdict     allowed"
  contains "time        20"
  contains "user-namespace: "
  ends 1 explain evil
  contains "verdict     refused: hardened: refused by host-namespaces"
  ends 0 explain web --diff
  contains "@@ /process/noNewPrivileges (no-new-privileges)"
  ends 0 explain web --json
  equals "$(jq -r '.source, .container' <<<"$output")" $'audit log\nweb'
  jq -e '.controls | all(.title and .rationale and (.references | length > 0) and (.findings | length > 0))' <<<"$output" >/dev/null
}

@test "a record: the last create counts, and a rotated log has to be named" {
  bundle web
  create web
  mv "$AUDIT_LOG" "$AUDIT_LOG.1"
  bundle other
  create other
  ends 2 explain web
  complains 'cannot find the container "web"'
  complains "--older"
  ends 0 explain web --older "$AUDIT_LOG.1"
  ends 0 explain --older "$AUDIT_LOG.1" web
  ends 2 explain web --older "$AUDIT_LOG.7"
  complains "audit.jsonl.7"
}

@test "a record: of a container that lives, whose log was rotated" {
  bundle web
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/web" web >/dev/null 2>&1 3>&- </dev/null
  mv "$AUDIT_LOG" "$AUDIT_LOG.1"
  bundle other
  create other
  ends 2 explain web
  complains 'cannot find the record of the create of "web"'
  complains "--older"
  ends 0 explain web --older "$AUDIT_LOG.1"
  runc --root "$DIRECTORY/root" delete --force web
}

@test "who is meant must be plain" {
  bundle web-1
  create web-1
  bundle web-2
  create web-2
  ends 2 explain web
  complains 'cannot tell which container "web" is: 2 ids begin so: "web-1", "web-2"'
  ends 0 explain web-2
  ends 2 explain nobody
  complains 'cannot find the container "nobody"'
  ends 2 explain
  ends 2 explain -- docker run --rm alpine
  complains "cannot explain a command"
}
