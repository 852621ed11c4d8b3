#!/usr/bin/env bats
# The administrator's tool on the staged installation: what it prints, and what it ends with (0, 1 or 2).
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() {
  DIRECTORY=$(suite_directory)
  export DIRECTORY
  AUDIT_LOG=$HARDENED_STAGE/var/log/hardened/audit.jsonl
  export AUDIT_LOG
}
teardown_file() { rm -rf "$DIRECTORY"; }
setup() {
  rm -rf "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened"
  use_runtime "$(command -v runc)"
}
teardown() { rm -rf "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened"; }

# record NAME FILTER: has the runtime judge a bundle, which leaves a record.
record() {
  rm -rf "$DIRECTORY/bundle"
  make_bundle "$DIRECTORY/bundle" "$2"
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" "$1" >/dev/null 2>&1 3>&- </dev/null || return 0
  runc --root "$DIRECTORY/root" delete --force "$1"
}

three_records() {
  record fine .
  record "evil-$1" '.linux.namespaces |= map(select(.type != "pid"))'
  record caps '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
}

@test "without a subcommand, or with one that is not: how to use it, on standard error, and 2" {
  ends 2
  complains "A subcommand is required"
  ends 2 audti
  ends 2 audit show --verdict maybe
  complains "maybe"
}

@test "--help of every subcommand has an example" {
  local words
  for words in 'audit show' 'audit follow' 'audit export' 'audit verify' controls doctor explain status verify \
    'install docker' 'uninstall docker' 'policy check' 'policy show' 'profile list' 'profile show' 'profile generate' \
    'profile merge' 'profile install' 'profile remove' 'profile diff' 'profile lint'; do
    # shellcheck disable=SC2086 # they are words
    ends 0 $words --help
    contains Examples:
    contains "hardenctl $words"
  done
}

@test "what a terminal would obey is escaped in JSON, too" {
  mkdir -p "$(dirname "$AUDIT_LOG")"
  printf '{"image":"a\xc2\x9b2Jb\xe2\x80\xaec\x7f"}\n' >"$AUDIT_LOG"
  ends 0 audit show --json
  equals "$output" '{"image":"a\u009b2Jb\u202ec\u007f"}'
  ends 0 audit export --format syslog
  contains 'a\u009b2J'
}

@test "controls: the table, one of them, and JSON" {
  ends 0 controls
  contains "no-new-privileges"
  ends 0 controls seccomp
  contains "CIS Docker 1.6.0 5.22"
  ends 0 controls --json
  equals "$(jq -r '.[] | select(.id == "secret-env").level' <<<"$output")" warn
  ends 2 controls secomp
  complains 'did you mean "seccomp"?'
}

@test "policy check: fine, nothing there, and every problem at once with its line" {
  ends 0 policy check
  contains "policy.json: fine"
  rm "$(policy_file)"
  ends 0 policy check
  contains "the built-in defaults hold"
  mkdir -p "$HARDENED_STAGE/etc/hardened/profiles.d"
  printf '{\n "name": "site",\n "capabilites": []\n}\n' >"$HARDENED_STAGE/etc/hardened/profiles.d/site.json"
  printf '{\n "version": 1,\n "waivers": [\n  {"control": "devices", "allow": ["/dev/fuse"], "reason": "r", "until": "2020-01-01"}\n ]\n}\n' \
    >"$(policy_file)"
  ends 1 policy check
  complains "policy.json:4: cannot use the waiver for devices: it ended on 2020-01-01"
  complains 'site.json:3: cannot '
  complains 'capabilities'
  ends 1 policy check --json
  equals "$(jq '.problems | length' <<<"$output")" 2
}

@test "policy show: what holds for a container" {
  jq '. + {"select": [{"image": "web:*", "profile": "compat"}], "controls": {"pids": "clamp"},
    "waivers": [{"control": "devices", "image": "web", "allow": ["/dev/fuse"], "reason": "mounts archives"}]}' \
    "$(policy_file)" >"$DIRECTORY/policy"
  cp "$DIRECTORY/policy" "$(policy_file)"
  ends 0 policy show --json
  equals "$(jq -r '.profile.name, .controls.pids, (.waivers | length)' <<<"$output")" $'strict\nclamp\n0'
  ends 0 policy show --image web:1 --json
  equals "$(jq -r '.profile.name, .waivers[0].reason' <<<"$output")" $'compat\nmounts archives'
  ends 0 policy show --image web:1
  contains "devices: /dev/fuse (mounts archives)"
  jq '.select = [{"label": "tier", "allow": ["compat"]}]' "$DIRECTORY/policy" >"$(policy_file)"
  ends 0 policy show --label tier=compat --json
  equals "$(jq -r .profile.name <<<"$output")" compat
  ends 0 policy show --label tier=train --json
  equals "$(jq -r .profile.name <<<"$output")" strict
  ends 2 policy show --label nonsense
  complains "not KEY=VALUE"
}

@test "audit show: the records, filtered" {
  three_records one
  ends 0 audit show --json
  equals "$(jq -r .container <<<"$output")" $'fine\nevil-one\ncaps'
  ends 0 audit show --verdict refused --json
  equals "$(jq -r .verdict <<<"$output" | sort -u)" refused
  ends 0 audit show --container evil-one
  contains "refused host-namespaces: "
  ends 0 audit show --control no-new-privileges --json
  equals "$output" ""
  ends 0 audit show --until 2020-01-01
  equals "${#lines[@]}" 1
  ends 0 audit show --last 1 --json
  equals "$(jq -r .container <<<"$output")" caps
}

@test "audit show: a name cannot repaint the terminal" {
  three_records $'two\e[2J'
  ends 0 audit show
  contains 'evil-two?[2J'
}

@test "audit show: what is no record, or no time, is said" {
  three_records hostile
  printf '{"x":%s1%s}\n' "$(printf '[%.0s' {1..5000})" "$(printf ']%.0s' {1..5000})" >>"$AUDIT_LOG"
  ends 0 audit show --json
  complains "1 lines are no records"
  equals "$(wc -l <<<"$output")" 3
  ends 2 audit show --since yesterday
  complains '"yesterday" is no time'
  head -c 100000 /dev/zero | tr '\0' a >"$DIRECTORY/junk"
  ends 1 audit verify --file "$DIRECTORY/junk"
  contains "holds no record"
}

@test "audit export: RFC 5424 and CEF, one line a record" {
  three_records three
  ends 0 audit export --format syslog --verdict refused --container evil
  [[ $output =~ ^'<84>1 '[0-9TZ:.-]+' '[^\ ]+' hardened - refused - @cee:{' ]]
  equals "$(jq -r .container <<<"${output#*@cee:}")" evil-three
  ends 0 audit export --format cef --container evil
  [[ $output == 'CEF:0|hardened|hardened-runtime|'*'|host-namespaces|container create refused|6|rt='*' act=refused cs1Label=container cs1=evil-three '* ]]
  ends 0 audit export
  equals "$(wc -l <<<"$output")" 3
}

@test "audit verify: intact, then altered, then cut off" {
  three_records four
  ends 0 audit verify
  contains "intact: records 1 to 3"
  cp "$AUDIT_LOG" "$DIRECTORY/log"
  sed -i '2s/evil/good/' "$AUDIT_LOG"
  ends 1 audit verify
  contains "audit.jsonl:3: record 2"
  cp "$DIRECTORY/log" "$AUDIT_LOG"
  sed -i '$d' "$AUDIT_LOG"
  ends 1 audit verify --json
  equals "$(jq .intact <<<"$output")" false
  rm -r "$HARDENED_STAGE/var/log/hardened"
  ends 2 audit verify
  complains "audit"
}
