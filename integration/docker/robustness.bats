#!/usr/bin/env bats
# Whatever happens to our files, containers stay killable and removable, and nothing starts unhardened.

load helpers

setup_file() { suite_up; }
teardown_file() { suite_down; }

setup() { policy_reset; }
teardown() {
  remove_containers
  policy_reset
}

audit_log() { printf '%s\n' "$HARDENED_STAGE/var/log/hardened/audit.jsonl"; }

# The head file tells where the log ends, so the log never goes alone.
fresh_audit_log() { rm -rf "$HARDENED_STAGE/var/log/hardened"; }

# Stops, signals, restarts the clock of, and removes the running container "box": each must work.
manageable() {
  docker pause box && docker unpause box || return
  docker top box >/dev/null || return
  docker kill box || return
  wait_for 10 bash -c '! docker ps --format "{{.Names}}" | grep -qx box' || return
  docker rm box
}

write_policy() {
  mkdir -p "$HARDENED_STAGE/etc/hardened"
  rm -f "$(policy_file)"
  printf '%s' "$1" >"$(policy_file)"
}

# cannot PATTERN ARGUMENT...: docker run fails with an error of ours that is not a refusal, and it holds PATTERN.
cannot() {
  local pattern=$1
  shift
  run docker run --rm --runtime=hardened "$@"
  [ "$status" -ne 0 ]
  matches "hardened: ([^ ]*policy\.json(:[0-9]+)?: )?cannot " && matches "hardened: .*$pattern"
}

@test "a broken policy: create says where it is broken, running containers stay manageable" {
  sleeper box
  write_policy $'{\n  "version": 1,\n  "runtimes": [\n}\n'
  cannot 'policy\.json:4: cannot ' "$BOX" true
  # What the container was granted does not depend on the file.
  run docker exec box grep CapEff /proc/self/status
  equals "$output" $'CapEff:\t0000000000000000'
  manageable
}

@test "an unknown key in the policy: create says which" {
  write_policy $'{\n  "version": 1,\n  "defualt_profile": "strict"\n}\n'
  cannot 'policy\.json:3.*default_profile' "$BOX" true
}

@test "a policy that everybody can write is not trusted" {
  policy '{}'
  chmod 666 "$(policy_file)"
  cannot 'policy\.json' "$BOX" true
}

@test "a policy of another user is not trusted" {
  policy '{}'
  chown 1000 "$(policy_file)"
  cannot 'policy\.json' "$BOX" true
}

@test "a policy that is a symbolic link is not trusted" {
  policy '{}'
  mv "$(policy_file)" "$(policy_file).real"
  ln -s policy.json.real "$(policy_file)"
  cannot 'policy\.json' "$BOX" true
  rm -f "$(policy_file).real"
}

@test "a policy that names a missing runtime: create fails, running containers stay manageable" {
  sleeper box
  write_policy '{"version": 1, "runtimes": ["/usr/sbin/no-such-runtime"]}'
  run hardened --rm "$BOX" true
  [ "$status" -ne 0 ]
  contains "hardened: cannot "
  contains no-such-runtime
  run docker exec box echo inside
  equals "$output" inside
  manageable
}

@test "the state directory removed: running containers stay manageable, new ones start" {
  sleeper box
  rm -rf "$HARDENED_STAGE/run/hardened"
  run docker exec box grep CapEff /proc/self/status
  if [ "$status" -eq 0 ]; then contains $'CapEff:\t0000000000000000'; else contains "hardened: "; fi
  manageable
  sleeper box
  run docker exec box echo again
  equals "$output" again
}

@test "a full disk under the audit log: containers start and stay manageable" {
  mkdir -p "$HARDENED_STAGE/var/log/hardened"
  inside mount -t tmpfs -o size=4k tmpfs "$HARDENED_STAGE/var/log/hardened"
  inside sh -c "head -c 8192 /dev/zero >$HARDENED_STAGE/var/log/hardened/filler" || true
  run sleeper box
  local started=$status
  run docker exec box echo inside
  local inside=$output
  run docker update --pids-limit 30 box
  local updated=$status
  run manageable
  inside umount "$HARDENED_STAGE/var/log/hardened"
  equals "$started $inside $updated" "0 inside 0"
  equals "$status" 0
}

@test "a full disk under the audit log with \"when_unwritable\": \"refuse\": nothing starts" {
  policy '{"audit": {"when_unwritable": "refuse"}}'
  mkdir -p "$HARDENED_STAGE/var/log/hardened"
  inside mount -t tmpfs -o size=4k tmpfs "$HARDENED_STAGE/var/log/hardened"
  inside sh -c "head -c 8192 /dev/zero >$HARDENED_STAGE/var/log/hardened/filler" || true
  run hardened --rm "$BOX" true
  inside umount "$HARDENED_STAGE/var/log/hardened"
  [ "$status" -ne 0 ]
  contains "hardened: cannot "
}

@test "a waiver with a reason allows what it names, and nothing else" {
  policy '{"waivers": [{"control": "engine-sockets", "image": "hardened-test/*", "allow": ["/run/docker.sock"],
                        "reason": "reads labels"}]}'
  run hardened --rm -v /run/docker.sock:/h "$BOX" ls -l /h
  equals "$status" 0
  refused engine-sockets -v "$HARDENED_DAEMON/docker.sock:/h" "$BOX" true
}

@test "a waiver for another image does not count" {
  policy '{"waivers": [{"control": "engine-sockets", "image": "traefik:*", "allow": ["/run/docker.sock"],
                        "reason": "reads labels"}]}'
  refused engine-sockets -v /run/docker.sock:/h "$BOX" true
}

@test "a waiver without a reason, or past its date, is an error" {
  policy '{"waivers": [{"control": "engine-sockets", "allow": ["/run/docker.sock"]}]}'
  cannot reason "$BOX" true
  policy '{"waivers": [{"control": "engine-sockets", "allow": ["/run/docker.sock"], "reason": "x", "until": "2020-01-01"}]}'
  cannot 2020-01-01 "$BOX" true
}

@test "level clamp cuts down instead of refusing" {
  policy '{"controls": {"capabilities": "clamp"}}'
  run hardened --rm --cap-add SYS_ADMIN "$BOX" grep CapEff /proc/self/status
  equals "$output" $'CapEff:\t0000000000000000'
}

@test "mode audit changes nothing and records what it would have done" {
  policy '{"mode": "audit"}'
  fresh_audit_log
  run hardened --rm --cap-add SYS_ADMIN "$BOX" grep CapEff /proc/self/status
  contains 00000000a82425fb
  grep -q CAP_SYS_ADMIN "$(audit_log)"
}

@test "the audit log has one record for each decision: create, exec, update, refusal" {
  fresh_audit_log
  sleeper box
  docker exec box true
  docker update --pids-limit 30 box
  run hardened --rm --cap-add SYS_ADMIN "$BOX" true
  equals "$(wc -l <"$(audit_log)")" 4
  equals "$(jq -s 'map(type) | unique | join(",")' -r "$(audit_log)")" object
  equals "$(stat -c '%u %a' "$(audit_log)")" "0 600"
}

@test "the audit log never holds the value of a secret" {
  fresh_audit_log
  hardened --rm -e DATABASE_PASSWORD=hunter2-and-more "$BOX" true
  not grep -q hunter2 "$(audit_log)"
}

# "prev" of each record is the SHA-256 of the line before it.
chain_holds() {
  local line before=''
  while IFS= read -r line; do
    [ -z "$before" ] || [ "$(jq -r .prev <<<"$line")" = "$(printf '%s' "$before" | sha256sum | cut -c1-64)" ] || return 1
    before=$line
  done <"$(audit_log)"
}

@test "the audit log is a chain, also when many containers start at once" {
  fresh_audit_log
  local i
  local -a starting=()
  for i in 1 2 3 4 5 6; do
    sleeper "chain$i" &
    starting+=($!)
  done
  wait "${starting[@]}"
  equals "$(wc -l <"$(audit_log)")" 6
  chain_holds
  sed -i '3s/"/ "/' "$(audit_log)"
  not chain_holds
}
