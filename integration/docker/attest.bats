#!/usr/bin/env bats
# A profile that says "attest": what starts as granted runs as it would without; what does not is killed at once.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() {
  suite_up
  profile attested '{"extends": "strict", "attest": true}'
}
teardown_file() {
  suite_down
  rm -rf "$HARDENED_STAGE/etc/hardened/profiles.d"
}
setup() { policy '{"default_profile": "attested"}'; }
teardown() {
  remove_containers
  policy_reset
}

# The last record of the audit log, as FILTER shows it.
recorded() { tail -n 1 "$HARDENED_STAGE/var/log/hardened/audit.jsonl" | jq -r "$1"; }

# killed FILTER CONTROL TEXT: a container whose spec the runtime changed by the shell command FILTER does not live.
killed() {
  policy "$(jq -n --arg runtime "$(tampering_runtime "$1")" '{runtimes: [$runtime], default_profile: "attested"}')"
  run hardened --name box "$BOX" sleep 600
  [ "$status" -ne 0 ]
  contains 'hardened: refused by attest: the container was weaker than its grant, and was killed: '
  contains "$2: $3"
  equals "$(docker inspect --format '{{.State.Running}} {{.State.Pid}}' box)" "false 0"
  equals "$(recorded '"\(.operation) \(.verdict) \(.container)"')" "start refused $(docker inspect --format '{{.Id}}' box)"
  docker rm -f box >/dev/null
}

@test "what is as granted starts, runs, is entered, stops and starts again" {
  local grant index
  local -a runs=()
  sleeper box
  grant=$(inside find "$HARDENED_STAGE/run/hardened/grants" -maxdepth 2 -name "*@$(docker inspect --format '{{.Id}}' box)")
  equals "$(readlink "$grant/runtime") $(readlink "$grant/behind")" \
    "$HARDENED_STAGE/libexec/hardened/hardened-attest $(low_level_runtime)"
  equals "$(docker exec box echo entered)" entered
  docker restart --time 0 box >/dev/null
  docker pause box >/dev/null
  docker unpause box >/dev/null
  docker kill box >/dev/null
  docker wait box >/dev/null
  # Over before anybody can look at it, with a terminal, and many at once.
  run hardened --rm "$BOX" sh -c 'echo said; exit 7'
  equals "$status $output" "7 said"
  on_a_terminal "docker run --rm -t --runtime=hardened $BOX true"
  for ((index = 0; index < 8; index++)); do
    hardened --rm "$BOX" true 3>&- &
    runs+=($!)
  done
  for index in "${runs[@]}"; do wait "$index"; done
}

@test "a start that the runtime refuses ends as it would" {
  local attested
  attested=$(docker run --rm --runtime=hardened "$BOX" /no/such/program 2>&1; echo "status $?")
  policy '{}'
  equals "$attested" "$(docker run --rm --runtime=hardened "$BOX" /no/such/program 2>&1; echo "status $?")"
}

@test "what its runtime made weaker is killed, the user told, and recorded" {
  killed "sed 's/\"noNewPrivileges\":true/\"noNewPrivileges\":false/'" no-new-privileges 'no_new_privs is not set'
  killed "sed 's/\"bounding\":\[\]/\"bounding\":[\"CAP_SYS_ADMIN\"]/;s/\"permitted\":\[\]/\"permitted\":[\"CAP_SYS_ADMIN\"]/'" \
    capabilities 'its bounding set holds CAP_SYS_ADMIN'
  killed "jq -c 'del(.linux.seccomp)'" seccomp 'no seccomp filter is in force'
  killed "$(with_call ptrace)" seccomp 'its filter passes calls, or arguments, that its profile does not: ptrace'
  killed "sed 's/\"readonly\":true/\"readonly\":false/'" read-only-rootfs '/ can be written to'
  killed "sed 's/\"pids\":{\"limit\":[0-9]*}/\"pids\":{\"limit\":9999}/'" pids 'the limit of processes is 9999'
}

@test "what cannot be compared is killed as well" {
  sleeper box
  docker stop --time 0 box >/dev/null
  # Behind its back between create and start: the grant goes.
  local directory=$HARDENED_DAEMON/forgetful
  mkdir -p "$directory"
  cat >"$directory/runc" <<END
#!/bin/bash
case " \$* " in *" start "*) rm -f "$HARDENED_STAGE"/run/hardened/grants/*/*@*/grant.json ;; esac
exec "$(low_level_runtime)" "\$@"
END
  chmod +x "$directory/runc"
  policy "$(jq -n --arg runtime "$directory/runc" '{runtimes: [$runtime], default_profile: "attested"}')"
  run docker start box
  [ "$status" -ne 0 ]
  contains "cannot attest the container, and killed it: cannot find the container's grant"
  equals "$(docker inspect --format '{{.State.Running}}' box)" false
}

# meddling COMMANDS: a low-level runtime that runs COMMANDS after each start, with $root and $id of the container.
meddling() {
  local directory=$HARDENED_DAEMON/meddling
  mkdir -p "$directory"
  cat >"$directory/runc" <<END
#!/bin/bash
[[ " \$* " == *" start "* ]] || exec "$(low_level_runtime)" "\$@"
"$(low_level_runtime)" "\$@" || exit
id=\${*: -1}
while [ "\$1" != --root ]; do shift; done
root=\$2
$1
END
  chmod +x "$directory/runc"
  policy "$(jq -n --arg runtime "$directory/runc" '{runtimes: [$runtime], default_profile: "attested"}')"
}

# lives NUMBER: does any container's "sleep NUMBER" run?
lives() { pgrep -fx "sleep $1" >/dev/null; }
gone() { not lives "$1"; }

@test "where the runtime's record is not to be trusted, the runtime kills it" {
  # shellcheck disable=SC2016 # expands in the runtime
  meddling 'chmod 666 "$root/$id"/{state.json,status} 2>/dev/null; true'
  run hardened --name box "$BOX" sleep 7771
  [ "$status" -ne 0 ]
  contains "cannot attest the container, and killed it: "
  wait_for 10 gone 7771
}

@test "a number that was given to another process is not taken for the container's" {
  # shellcheck disable=SC2016 # expands in the runtime
  meddling 'for file in state.json status; do
    [ ! -e "$root/$id/$file" ] || sed -i -E "s/\"(init_process_pid|pid)\": ?[0-9]+/\"\1\": $PPID/" "$root/$id/$file"
  done'
  run hardened --name box "$BOX" sleep 7772
  [ "$status" -ne 0 ]
  contains "is the number of another one by now"
  # Nobody knows it any more, neither the engine nor its runtime; another suite has one of the same name.
  local id process
  id=$(docker inspect --format '{{.Id}}' box)
  for process in $(pgrep -fx "sleep 7772"); do
    ! grep -q "$id" "/proc/$process/cgroup" || kill -KILL "$process"
  done
}

# It waits for two seconds at most, so no program is run for each process. By the file itself: another suite has an attester
# of its own in the same place.
attester_waits() {
  local exe pid
  for exe in /proc/[0-9]*/exe; do
    [ "$exe" -ef "$HARDENED_STAGE/libexec/hardened/hardened-attest" ] || continue
    pid=$(cut -d/ -f3 <<<"$exe")
    # The one that the engine waits for leads no session.
    [ "$(cut -d' ' -f6 "/proc/$pid/stat")" != "$pid" ] || continue
    ATTESTER=$pid
    lives "$1" && return 0
  done
  return 1
}

@test "whoever kills the attester does not save the container" {
  policy "$(jq -n --arg runtime "$(tampering_runtime "sed 's/\"readonly\":true/\"readonly\":false/'")" \
    '{runtimes: [$runtime], default_profile: "attested"}')"
  hardened --name box "$BOX" sleep 7773 >/dev/null 2>&1 3>&- &
  wait_for 10 attester_waits 7773
  kill -KILL "$ATTESTER"
  wait "$!" || true
  wait_for 10 gone 7773
}

@test "what leaves no moment to attest is refused before it is made" {
  profile both '{"extends": "train", "attest": true}'
  policy '{"default_profile": "both"}'
  run hardened --rm "$BOX" true
  [ "$status" -ne 0 ]
  contains 'cannot attest a container that is recorded'
  policy '{"default_profile": "attested"}'
  mkdir -p "$HARDENED_DAEMON/bundle"
  sleeper box
  cp "$(bundle_of box)/config.json" "$HARDENED_DAEMON/bundle/config.json"
  run inside "$HARDENED_STAGE/bin/hardened-runtime" --root "$HARDENED_DAEMON/moby" run --bundle "$HARDENED_DAEMON/bundle" other
  equals "$status" 1
  contains 'cannot attest a container that "run" makes and starts at once'
}

@test "without its program the create is refused, and what lives can still be killed" {
  local program=$HARDENED_STAGE/libexec/hardened/hardened-attest
  sleeper box
  mv "$program" "$program.away"
  run hardened --rm "$BOX" true
  docker rm -f box
  mv "$program.away" "$program"
  [ "$status" -ne 0 ]
  contains "$program is missing"
}
