#!/usr/bin/env bats
# hardenctl profile on the staged installation: from handwritten training logs to profiles that the runtime takes.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() {
  DIRECTORY=$(suite_directory)
  export DIRECTORY
}
teardown_file() { rm -rf "$DIRECTORY"; }
setup() {
  rm -rf "$HARDENED_STAGE/etc/hardened" "${DIRECTORY:?}"/*
  mkdir -p "$DIRECTORY/logs"
  run_log nginx:1.25 a . >"$DIRECTORY/logs/a.jsonl"
}
teardown() { rm -rf "$HARDENED_STAGE/etc/hardened"; }

site_profile() { printf '%s\n' "$HARDENED_STAGE/etc/hardened/profiles.d/$1.json"; }

# run_log IMAGE DIGIT FILTER: a line of the training log, of the run whose id is 32 times DIGIT; FILTER is a jq program.
run_log() {
  local id
  id=$(printf "%0.s$2" {1..32})
  jq -nc --arg image "$1" --arg run "$id" --arg architecture "SCMP_ARCH_$(uname -m | tr '[:lower:]' '[:upper:]')" '
    {version: 1, run: $run, container: "c", $image, runtime: "runc 1.1.5", kernel: "6.18", $architecture, tier: "bpf",
     started: "2026-03-01T12:00:00Z", ended: "2026-03-01T12:09:00Z", phases: ["start", "serve", "stop", "exec"],
     syscalls: {($architecture): {read: ["start", "serve"], write: ["serve"], openat: ["start"], socket: ["start"]}},
     arguments: [{syscall: "socket", index: 0, values: [2]}],
     capabilities: [{capability: "CAP_SETUID", syscall: "setuid", granted: true, count: 1}],
     writes: [{path: "/var/cache/nginx/x", kind: "file", bytes: 10}],
     peaks: {memory: 9000000, pids: 3}, complete: true} | '"$3"
}

differ() { cmp -s "$1" "$2" && return 1 || return 0; }
generated() { hardenctl profile generate "$@" --logs "$DIRECTORY/logs" 2>/dev/null; }

@test "profile: --help of every subcommand has an example" {
  local word
  for word in generate list show install remove diff lint merge; do
    ends 0 profile "$word" --help
    contains Examples:
    contains "hardenctl profile $word"
  done
  ends 2
}

@test "generate: from a log to a profile on standard output, or in a file that is not replaced" {
  ends 0 profile generate --image 'nginx:*' --logs "$DIRECTORY/logs"
  contains '// Made by hardenctl'
  contains '"openat",  // 1 of 1 runs: start'
  contains '{ "path": "/var/cache/nginx", "size": "16MiB" }'
  equals "$(grep -v '^//' <<<"$output" | sed 's|  // .*||' | jq -r '.name, .seccomp.socket_families[0]')" $'nginx\nAF_INET'
  ends 0 profile generate --run aaaa "$DIRECTORY/logs/a.jsonl" -o "$DIRECTORY/out.json"
  equals "$output" ""
  cp "$DIRECTORY/out.json" "$DIRECTORY/before"
  ends 2 profile generate "$DIRECTORY/logs/a.jsonl" --siblings -o "$DIRECTORY/out.json"
  complains "it exists"
  cmp "$DIRECTORY/out.json" "$DIRECTORY/before"
  ends 0 profile generate "$DIRECTORY/logs/a.jsonl" --siblings -o "$DIRECTORY/out.json" --force
  complains "--siblings added"
  differ "$DIRECTORY/out.json" "$DIRECTORY/before"
  equals "$(stat -c '%a %U' "$DIRECTORY/out.json")" "644 root"
  equals "$(ls -A "$DIRECTORY")" $'before\nlogs\nout.json'
}

@test "generate: the same logs make the same bytes, in any order" {
  run_log nginx:1.25 b '.started = "2026-04-01T12:00:00Z"' >"$DIRECTORY/logs/b.jsonl"
  generated --image nginx >"$DIRECTORY/one"
  generated "$DIRECTORY/logs/b.jsonl" "$DIRECTORY/logs/a.jsonl" >"$DIRECTORY/other"
  cmp "$DIRECTORY/one" "$DIRECTORY/other"
  grep -q 'the newest on 2026-04-01T12:00:00Z' "$DIRECTORY/one"
}

@test "generate: what cannot be used is said, and why" {
  ends 2 profile generate --logs "$DIRECTORY/logs"
  complains "--image IMAGE, --run ID or log files"
  ends 2 profile generate --image nignx:1.25 --logs "$DIRECTORY/logs"
  complains 'did you mean "nginx:1.25"?'
  ends 2 profile generate --run beef --logs "$DIRECTORY/logs"
  complains 'cannot find run "beef"'
  ends 2 profile generate "$DIRECTORY/missing.jsonl"
  complains ENOENT
  ends 2 profile generate --image nginx --logs "$DIRECTORY/nowhere"
  complains "nothing was recorded yet"
  ends 2 profile generate --image nginx --logs "$DIRECTORY/logs" --name 'not a name'
  complains "cannot call a profile"
  ends 2 profile generate --image nginx --logs "$DIRECTORY/logs" --name strict
  complains "a shipped one is called so"
  mkfifo "$DIRECTORY/pipe"
  ends 2 profile generate "$DIRECTORY/pipe"
  complains "no regular file"
}

@test "generate: damaged lines are named and passed over; nothing but them is an error" {
  { printf '\n{"version":\n' && cat "$DIRECTORY/logs/a.jsonl" && printf 'nonsense'; } >"$DIRECTORY/some.jsonl"
  ends 0 profile generate "$DIRECTORY/some.jsonl"
  complains "some.jsonl:2"
  complains "some.jsonl:4"
  contains '"name": "nginx"'
  printf 'nonsense\n' >"$DIRECTORY/none.jsonl"
  ends 2 profile generate "$DIRECTORY/none.jsonl"
  complains "cannot find a run to learn from"
}

@test "generate: a log that cannot be read takes no other away, many damaged lines are counted, and so is a run that is twice there" {
  mkdir "$DIRECTORY/logs/odd.jsonl"
  ends 0 profile generate --image nginx --logs "$DIRECTORY/logs"
  complains "odd.jsonl"
  contains '"name": "nginx"'
  { yes nonsense | head -n 8 && cat "$DIRECTORY/logs/a.jsonl" "$DIRECTORY/logs/a.jsonl"; } >"$DIRECTORY/many.jsonl"
  ends 0 profile generate "$DIRECTORY/many.jsonl" --json
  complains "many.jsonl:5"
  [[ $stderr != *many.jsonl:6* ]]
  complains "3 lines more are no runs either"
  complains "1 runs were there more than once"
  equals "$(jq -r '.runs | length' <<<"$output")" 1
}

@test "generate: incomplete runs and several images are refused until they are meant" {
  run_log nginx:1.25 b '.complete = false | .lost = ["the ring buffer overflowed"]' >"$DIRECTORY/logs/b.jsonl"
  ends 2 profile generate --image nginx --logs "$DIRECTORY/logs"
  complains "the ring buffer overflowed"
  ends 0 profile generate --image nginx --logs "$DIRECTORY/logs" --incomplete
  run_log redis:7 c . >"$DIRECTORY/logs/c.jsonl"
  ends 2 profile generate "$DIRECTORY/logs/a.jsonl" "$DIRECTORY/logs/c.jsonl"
  complains '"nginx:1.25", "redis:7"'
  ends 0 profile generate "$DIRECTORY/logs/a.jsonl" "$DIRECTORY/logs/c.jsonl" --mixed
  ends 0 profile generate --image redis --image nginx --logs "$DIRECTORY/logs" --incomplete --json
  equals "$(jq -r '.runs | length' <<<"$output")" 3
}

@test "generate: a log cannot break out of the profile, nor speak to the terminal" {
  run_log $'x\n"rootfs": "persistent" \e[2J' d '.writes[0].path = "/data/\n\"}], \"rootfs\": \"persistent\", //\u001b[2J/x"
    | .lost = ["\u001b]0;x\u0007"] | .phases = []' >"$DIRECTORY/evil.jsonl"
  ends 0 profile generate "$DIRECTORY/evil.jsonl" --name web -o "$DIRECTORY/web.json"
  [[ $stderr != *$'\e'* ]]
  equals "$(LC_ALL=C tr -d '\n\40-\176' <"$DIRECTORY/web.json" | wc -c)" 0
  ends 0 profile show "$DIRECTORY/web.json" --json
  equals "$(jq -r .profile.rootfs <<<"$output")" read-only
  ends 0 profile show "$DIRECTORY/web.json"
  [[ $output != *$'\e'* ]]
}

@test "the runtime takes what was generated: installed, selected, and a container created under it" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  ends 0 profile install "$DIRECTORY/nginx.json" --image 'nginx:*'
  contains '{"image":"nginx:*","profile":"nginx"}'
  contains "$(policy_file)"
  run hardenctl policy check
  equals "$status" 0
  jq -n --arg runc "$(command -v runc)" '{version: 1, runtimes: [$runc], default_profile: "nginx"}' >"$(policy_file)"
  run hardenctl policy check
  equals "$status" 0
  contains "nginx"
  make_bundle "$DIRECTORY/bundle" .
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" trained >/dev/null 2>&1 3>&- </dev/null
  runc --root "$DIRECTORY/root" delete --force trained
  local names
  names=$(jq -r '.linux.seccomp.syscalls[] | select(.action == "SCMP_ACT_ALLOW") | .names[]' \
    "$DIRECTORY/bundle/config.json" | sort -u)
  grep -qx openat <<<"$names"
  equals "$(grep -cx setsockopt <<<"$names")" 0
  jq -e '.mounts | any(.destination == "/var/cache/nginx" and .type == "tmpfs")' "$DIRECTORY/bundle/config.json"
}

@test "install: root's, 0644, nothing beside it; an existing one stays; what is no profile is refused" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  ends 0 profile install "$DIRECTORY/nginx.json"
  equals "$(stat -c '%a %U' "$(site_profile nginx)")" "644 root"
  equals "$(ls -A "$HARDENED_STAGE/etc/hardened/profiles.d")" nginx.json
  cmp "$DIRECTORY/nginx.json" "$(site_profile nginx)"
  ends 2 profile install "$DIRECTORY/nginx.json"
  complains "--force"
  ends 0 profile install "$DIRECTORY/nginx.json" --force
  equals "$(ls -A "$HARDENED_STAGE/etc/hardened/profiles.d")" nginx.json
  printf '{"name": "bad", "capabilites": []}' >"$DIRECTORY/bad.json"
  ends 2 profile install "$DIRECTORY/bad.json"
  complains 'did you mean "capabilities"?'
  printf '{"name": "compat", "extends": "strict"}' >"$DIRECTORY/compat.json"
  ends 2 profile install "$DIRECTORY/compat.json"
  complains "the name of a shipped profile"
  ends 2 profile install "$HARDENED_STAGE/share/hardened/profiles/strict.json"
  complains "the name of a shipped profile"
  ends 2 profile install nginx
  complains "a file is needed"
  equals "$(ls -A "$HARDENED_STAGE/etc/hardened/profiles.d")" nginx.json
}

@test "install, merge and remove in JSON" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  ends 0 profile install "$DIRECTORY/nginx.json" --image 'nginx:*' --json
  equals "$(jq -r '.name, .path, .select.profile' <<<"$output")" "nginx
$(site_profile nginx)
nginx"
  run_log nginx:1.25 b '.syscalls[.architecture].rename = ["stop"]' >"$DIRECTORY/b.jsonl"
  ends 0 profile merge nginx "$DIRECTORY/b.jsonl" --json
  equals "$(jq -r '.changes[0], (.profile.seccomp.allow | index("rename") != null)' <<<"$output")" \
    $'allows the call rename\ntrue'
  ends 0 profile remove nginx --json
  equals "$(jq -r .path <<<"$output")" "$(site_profile nginx)"
  [ ! -e "$(site_profile nginx)" ]
}

@test "list: shipped and the site's own, with what they extend; a broken one is named" {
  ends 0 profile list --json
  equals "$(jq -r '.[] | select(.name == "compat" or .name == "strict") | "\(.name) \(.from) \(.extends)"' <<<"$output")" \
    $'compat shipped strict\nstrict shipped '
  generated --image nginx >"$DIRECTORY/nginx.json"
  hardenctl profile install "$DIRECTORY/nginx.json" >/dev/null
  ends 0 profile list
  [[ $output =~ nginx\ +site\ +strict ]]
  printf '{' >"$(site_profile broken)"
  ends 1 profile list
  complains "broken.json:1"
  contains "nginx"
}

@test "show: what a profile means, in words and in JSON" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  ends 0 profile show "$DIRECTORY/nginx.json"
  [[ $output =~ calls\ +9\ of\ [0-9]+\ allowed ]]
  [[ $output =~ writable\ +/tmp,\ /var/tmp,\ /run,\ /var/cache/nginx\ \(16MiB\) ]]
  [[ $output =~ kernel\ CVEs\ +[0-9]+\ of\ [0-9]+\ closed ]]
  ends 0 profile show "$DIRECTORY/nginx.json" --json
  equals "$(jq -r '.calls.names | length' <<<"$output")" 9
  jq -e '.cves.closed > .cves.docker.closed and .calls.denied > .calls.docker.denied' <<<"$output"
  ends 0 profile show "$HARDENED_STAGE/share/hardened/profiles/strict.json"
  contains shipped
  printf '{"name": "x", "user": {"root": "run_as", "uid": 101, "gid": 102}}' >"$DIRECTORY/x.json"
  ends 0 profile show "$DIRECTORY/x.json"
  [[ $output =~ users\ +[^$'\n']*'root becomes 101:102' ]]
  ends 2 profile show stirct
  complains 'did you mean "strict"?'
}

@test "remove: not while the policy or another profile uses it" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  hardenctl profile install "$DIRECTORY/nginx.json" >/dev/null
  printf '{ "version": 1,\n  "select": [\n    {"image": "nginx:*", "profile": "nginx"} ] }\n' >"$(policy_file)"
  ends 2 profile remove nginx
  complains "policy.json:3 uses it"
  printf '{"version": 1}' >"$(policy_file)"
  printf '{"name": "web",\n "extends": "nginx"}' >"$(site_profile web)"
  ends 2 profile remove nginx
  complains "web.json:2 uses it"
  ends 0 profile remove web
  ends 0 profile remove nginx
  [ ! -e "$(site_profile nginx)" ]
  ends 2 profile remove nginx
  complains "cannot find"
  ends 2 profile remove strict
  complains "it is shipped"
}

@test "diff: nothing, or what changes, with 0 or 1" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  ends 0 profile diff strict strict
  equals "$output" ""
  ends 1 profile diff strict "$DIRECTORY/nginx.json"
  [[ $output =~ \+\ +/capabilities\ +CAP_SETUID ]]
  [[ $output =~ -\ +/seccomp/calls\ +setsockopt ]]
  ends 1 profile diff strict "$DIRECTORY/nginx.json" --json
  jq -e 'any(.change == "removed" and .member == "/seccomp/calls" and .value == "accept4")' <<<"$output"
}

@test "lint: dangerous entries with why, and 1 for errors only" {
  ends 0 profile lint strict
  contains "nothing to remark"
  printf '{"name": "x", "seccomp": {"allow": ["read", "keyctl"], "deny": []}, "rootfs": "persistent",
    "capabilities": ["CAP_SYS_ADMIN"]}' >"$DIRECTORY/x.json"
  ends 1 profile lint "$DIRECTORY/x.json"
  contains "call-keyring"
  contains "CVE-2016-0728"
  contains "persistent-root"
  contains "host-capability"
  printf '{"name": "y", "capabilities": ["CAP_NET_RAW"]}' >"$DIRECTORY/y.json"
  ends 0 profile lint "$DIRECTORY/y.json" --json
  equals "$(jq -r '.[0].rule, .[0].level' <<<"$output")" $'strong-capability\nwarning'
  printf '{"name": "z", "rootfs": "writable"}' >"$DIRECTORY/z.json"
  ends 2 profile lint "$DIRECTORY/z.json"
  complains "z.json:1"
}

@test "merge: new runs widen a profile; --check is the gate" {
  generated --image nginx >"$DIRECTORY/nginx.json"
  ends 0 profile merge "$DIRECTORY/nginx.json" "$DIRECTORY/logs/a.jsonl" --check
  run_log nginx:1.25 b '.syscalls[.architecture].rename = ["stop"]' >"$DIRECTORY/b.jsonl"
  ends 1 profile merge "$DIRECTORY/nginx.json" "$DIRECTORY/b.jsonl" --check
  complains "the merged profile allows the call rename"
  equals "$output" ""
  ends 0 profile merge "$DIRECTORY/nginx.json" "$DIRECTORY/b.jsonl" -o "$DIRECTORY/nginx.json" --force
  ends 0 profile merge "$DIRECTORY/nginx.json" "$DIRECTORY/b.jsonl" --check
  ends 1 profile diff "$DIRECTORY/nginx.json" strict
  grep -q '"rename",  // new' "$DIRECTORY/nginx.json"
  ends 1 profile merge strict "$DIRECTORY/b.jsonl" --check
  complains "grants CAP_SETUID"
  ends 2 profile merge strict "$DIRECTORY/b.jsonl"
  complains "it is shipped"
}

# audit_lines COUNT: what auditd writes about a program that reads and writes, and about another one.
audit_lines() {
  awk -v count="$1" 'BEGIN { for (i = 0; i < count; i++) printf \
    "type=SECCOMP msg=audit(1795307323.655:%d): auid=700123 uid=0 gid=0 ses=1 subj=docker-default pid=8313 comm=\"app\" " \
    "exe=\"/usr/bin/%s\" sig=0 arch=c000003e syscall=%d compat=0 ip=0x461189 code=0x7ffc0000\n", \
    i, i % 5 ? "app" : "other", i % 5 ? i % 2 : 41 }'
}

@test "generate --from-audit: the kernel's records, of the programs that are meant" {
  { audit_lines 10 && printf 'type=DAEMON_START msg=audit(1.2:3): op=start\n'; } >"$DIRECTORY/audit.log"
  ends 0 profile generate --from-audit "$DIRECTORY/audit.log" --program '*/app' --image app:1 --name app
  complains "11 lines, 8 records used; 1 tell of no call; 2 are of other programs"
  contains '"read",  // 1 of 1 runs'
  contains 'recorder  "import"'
  contains "sha256 $(sha256sum <"$DIRECTORY/audit.log" | cut -d ' ' -f 1)"
  [[ $output != *'"socket"'* ]]
  run --separate-stderr hardenctl profile generate --from-audit - <"$DIRECTORY/audit.log"
  equals "$status" 0
  contains '"socket",'
  printf 'kauditd_printk_skb: 12 callbacks suppressed\n' >>"$DIRECTORY/audit.log"
  ends 2 profile generate --from-audit "$DIRECTORY/audit.log"
  complains "it lost records"
  ends 2 profile generate "$DIRECTORY/logs/a.jsonl" --from-audit "$DIRECTORY/audit.log"
  complains "together"
}

@test "generate --from-strace: the calls of a real program" {
  strace -f -o "$DIRECTORY/strace.log" "$HARDENED_WORKLOADS/probe" >/dev/null || true
  ends 0 profile generate --from-strace "$DIRECTORY/strace.log" --image probe:1 --name probe
  contains '"execve",'
  contains "sha256 $(sha256sum <"$DIRECTORY/strace.log" | cut -d ' ' -f 1)"
  ends 2 profile generate --from-strace "$DIRECTORY/strace.log" --program '*'
  complains "strace does not tell which program"
  ends 2 profile generate --from-strace "$DIRECTORY/strace.log" --from-audit "$DIRECTORY/strace.log"
  complains "together"
}
