#!/usr/bin/env bats
# Training where the kernel takes no BPF programs: the filter logs every call, and the kernel's audit records are read.

# shellcheck disable=SC2154 # bats sets output and status
load helpers
load recorded

setup_file() {
  suite_up
  profile train-audit '{"extends": "train", "recorder": {"tier": "audit"}}'
  profile train-narrow '{"extends": "train", "recorder": {"tier": "audit", "buffer": "8KiB"}}'
}
teardown_file() {
  suite_down
  rm -rf "$(logs)" "$HARDENED_STAGE/etc/hardened/profiles.d"
}
setup() {
  rm -rf "$(logs)"
  recorded_by train-audit
}
teardown() { remove_containers; }

recorded_by() { policy "{\"select\": [{\"program\": \"hardened-train\", \"profile\": \"$1\"}]}"; }

# listeners: the processes that read audit records for a run of ours.
listeners() {
  local process
  for process in /proc/[0-9]*; do
    # By the file itself: another suite has a recorder of its own in the same place.
    [ "$process/exe" -ef "$(recorder)" ] || continue
    printf '%s\n' "${process#/proc/}"
  done
}
boards() { inside find "$HARDENED_STAGE/run/hardened/training" -name '.*.board'; }

# both_tiers ARGUMENT...: what the program's run under each of them calls, in the order "bpf", "audit".
both_tiers() {
  local name
  for name in train train-audit; do
    rm -rf "$(logs)"
    recorded_by "$name"
    train --rm "$BOX" trained "$@" >/dev/null || return 1
    logged .complete || return 1
    jq -c '[.tier, .syscalls]' "$(logs)"/*.jsonl
  done
}

@test "both tiers see the same calls" {
  local what
  local -a seen
  for what in "basic /root" capabilities "ioctls 3" nothing "calls 5"; do
    # shellcheck disable=SC2086 # words
    mapfile -t seen < <(both_tiers $what)
    equals "${#seen[@]}" 2
    equals "$(jq -r '.[0]' <<<"${seen[0]}") $(jq -r '.[0]' <<<"${seen[1]}")" "bpf audit"
    equals "$(jq -c '.[1] | map_values(keys)' <<<"${seen[1]}")" "$(jq -c '.[1] | map_values(keys)' <<<"${seen[0]}")"
  done
}

@test "calls of the 32-bit ABI are kept apart, as in the other tier" {
  "$HARDENED_WORKLOADS/trained" i386 || skip "this kernel has no 32-bit calls"
  train --rm "$BOX" trained i386
  logged '.syscalls.SCMP_ARCH_X86 == {"getpid": ["start"]}'
}

@test "the log says who recorded, and claims nothing of what records do not tell" {
  train --name box "$BOX" sh -c 'echo text >/root/new'
  docker rm box
  logged '.complete and .tier == "audit" and .profile == "train-audit" and .arguments == null and .capabilities == null
    and (.writes | any(.path == "/root/new")) and .peaks.memory > 0'
}

@test "start, serve, stop and exec are told apart" {
  train -d --name box "$BOX" trained phases
  docker exec box trained exec
  wait_for 20 serving box
  docker stop box
  docker rm box
  equals "$(used uname) $(used getsid) $(used times) $(used getpriority)" '["start"] ["serve"] ["stop"] ["exec"]'
  logged '.complete and .phases == ["start", "serve", "stop", "exec"]'
  # Neither runtime gets this far by the container's own calls.
  logged '[.syscalls.SCMP_ARCH_X86_64 | has("pivot_root", "setgroups", "capset")] | any | not'
}

@test "a health check is recorded as an exec" {
  train -d --name box --health-cmd "trained exec" --health-interval 1s "$BOX" sleep 600
  wait_for 30 healthy box
  docker rm -f box
  equals "$(used getpriority)" '["exec"]'
  logged .complete
}
healthy() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$1")" = healthy ]; }

@test "a program in a mount namespace of its own is recorded" {
  profile unsharing "$(jq '{extends: "train-audit", capabilities: ["CAP_SYS_ADMIN"],
    seccomp: {allow: (.seccomp.allow + ["@namespace"]), deny: (.seccomp.deny - ["@namespace"])}}' \
    "$HARDENED_SOURCE/profiles/strict.json")"
  policy '{"select": [{"program": "hardened-train", "profile": "unsharing"}],
    "waivers": [{"control": "capabilities", "allow": ["CAP_SYS_ADMIN"], "reason": "to unshare"}]}'
  run train --rm --cap-add SYS_ADMIN "$BOX" trained unshare /bin/trained
  rm "$HARDENED_STAGE/etc/hardened/profiles.d/unsharing.json"
  equals "$status" 0
  equals "$(used unshare) $(used getpriority)" '["start"] ["start"]'
}

@test "of 100,000 calls none is lost; with too small a buffer the log says that it is not complete" {
  train --rm "$BOX" trained calls 100000
  logged '.complete and (.syscalls.SCMP_ARCH_X86_64 | has("getppid"))'
  rm -rf "$(logs)"
  recorded_by train-narrow
  train -d --name box "$BOX" sleep 600
  # A listener that is fast enough needs no buffer.
  listeners | xargs kill -STOP
  docker exec box trained calls 100000
  listeners | xargs kill -CONT
  docker rm -f box
  logged '(.complete | not) and (.lost | length) == 1 and (.lost[0] | test("^[0-9]+ audit records did not come"))'
}

@test "twenty trainings at once are each their own" {
  local i
  local -a starts=()
  for ((i = 1; i <= 20; i++)); do
    train -d --name "box$i" "$BOX" trained "$([ $((i % 2)) = 0 ] && echo exec || echo thread)" 3>&- &
    starts+=($!)
  done
  wait "${starts[@]}"
  for ((i = 1; i <= 20; i++)); do
    docker wait "box$i" >/dev/null
    docker rm "box$i" >/dev/null
  done
  equals "$(jq -s -c '[.[] | [.complete, (.syscalls.SCMP_ARCH_X86_64 | has("getpriority", "clone"))]] | group_by(.)
    | map([.[0][], length])' "$(logs)"/*.jsonl)" '[[true,true,false,10],[true,true,true,10]]'
}

@test "other containers log nothing, and nobody listens once the last training has ended" {
  train -d --name box "$BOX" sleep 600
  equals "$(listeners | wc -l) $(boards | wc -l)" "1 1"
  hardened -d --name other "$BOX" sleep 600
  not grep -q SCMP_ACT_LOG "$(bundle_of other)/config.json"
  docker rm -f box
  logged .complete
  wait_for 10 test -z "$(listeners)"
  equals "$(boards)" ""
}

@test "a container whose listener is killed lives on, and its log says so" {
  train -d --name box "$BOX" trained phases
  wait_for 20 serving box
  listeners | xargs kill -KILL
  docker stop box
  docker rm box
  logged '(.complete | not) and (.lost | index("the process that reads the audit records was ended"))
    and (.syscalls.SCMP_ARCH_X86_64 | has("getsid"))'
}

@test "a container that cannot be created leaves neither a log nor a listener" {
  not train --rm "$BOX" no-such-program
  equals "$(compgen -G "$(logs)/*.jsonl")$(boards)" ""
  wait_for 10 test -z "$(listeners)"
}

@test "a container that shares its users is refused: their records could not be told apart" {
  hardened -d --name first "$BOX" sleep 600
  run train --rm --network container:first "$BOX" true
  equals "$status" 125
  contains "cannot record what the container uses: the container has no user ids of its own"
}

# without_types COMMAND...: while the kernel seems not to describe its types. A second sysfs stays whole: without one, the
# kernel lets no container with users of its own mount any.
without_types() {
  mkdir -p "$HARDENED_DAEMON/sys"
  inside mount -t sysfs sysfs "$HARDENED_DAEMON/sys"
  inside mount -t tmpfs tmpfs /sys/kernel/btf
  run "$@"
  inside umount /sys/kernel/btf
  inside umount "$HARDENED_DAEMON/sys"
}

@test "where the kernel takes no BPF programs the records are read without being asked for" {
  recorded_by train
  without_types train --rm "$BOX" trained exec
  echo "$output"
  equals "$status" 0
  equals "$(used getpriority)" '["start"]'
  logged '.complete and .tier == "audit"'
}

@test "a machine that can record in neither way refuses the container and says why" {
  recorded_by train
  local logged=/proc/sys/kernel/seccomp/actions_logged before
  before=$(cat "$logged")
  echo "${before/ log/}" >"$logged"
  without_types train --rm "$BOX" true
  echo "$before" >"$logged"
  equals "$status" 125
  contains "hardened: cannot record what the container uses: this kernel does not describe its types"
  contains "the kernel's audit records of logged system calls do not come"
  contains "run the container under hardened-compat"
  equals "$(compgen -G "$(logs)/*.jsonl")$(boards)" ""
}
