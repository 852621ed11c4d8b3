#!/usr/bin/env bats
# Training under Podman's own runtimes: an annotation has an OCI hook of ours record the container, whoever made it.

# shellcheck disable=SC2154 # bats sets output and status
load helpers
load ../docker/recorded
# shellcheck source=integration/docker/faults.bash
source "$BATS_TEST_DIRNAME/../docker/faults.bash" # shard_of

HOOKS=share/hardened/hooks.d

setup_file() { suite_up; }
teardown_file() {
  suite_down
  rm -rf "$(logs)"
}
setup() { rm -rf "$(logs)"; }
teardown() {
  no_containers
  find "$HARDENED_STAGE/run/hardened/training" -type f -delete
}

# stock RUNTIME ARGUMENT...: Podman knows our hooks.
stock() { podman --runtime "$1" --hooks-dir "$HARDENED_STAGE/$HOOKS" run --network none "${@:2}"; }

# recorded RUNTIME ARGUMENT...
recorded() { stock "$1" --annotation io.hardened.record=true "${@:2}"; }

links() { inside find "$HARDENED_STAGE/run/hardened/bpf" -name 'link_*'; }

@test "an annotated container is recorded, by runc and by crun: calls, phases, writes, image; nothing of it stays" {
  local runtime
  for runtime in runc crun; do
    rm -rf "$(logs)"
    recorded "$runtime" --rm "$BOX" trained basic /root
    logged '.complete and .engine == "podman" and .image == $image and .tier == "bpf" and .phases == ["start"] and
      (.runtime | startswith($runtime)) and (.syscalls.SCMP_ARCH_X86_64 | has("sched_yield") and (has("pivot_root") | not))' \
      --arg image "$BOX" --arg runtime "$runtime "
    equals "$(links)" ""
    equals "$(find "$HARDENED_STAGE/run/hardened/training" -type f)" ""
  done
}

@test "what exec brings in is a phase of its own, and a restart is a run of its own" {
  recorded crun --detach --name box "$BOX" trained phases >/dev/null
  podman exec box trained exec
  podman stop box >/dev/null
  wait_for 20 the_log
  equals "$(used getpriority)" '["exec"]'
  podman --hooks-dir "$HARDENED_STAGE/$HOOKS" start box >/dev/null
  podman stop box >/dev/null
  wait_for 20 two_logs
}
two_logs() { [ "$(find "$(logs)" -name '*.jsonl' | wc -l)" = 2 ]; }

@test "other containers are not recorded, and one of hardened-train that has the hook, too, is recorded once" {
  recorded crun --detach --name box "$BOX" sleep 600 >/dev/null
  stock crun --rm "$BOX" trained basic /root
  podman rm --force --time 0 box >/dev/null
  logged '.syscalls.SCMP_ARCH_X86_64 | has("sched_yield") | not'
  rm -rf "$(logs)"
  profile both "$(jq -n --arg hook "$HARDENED_STAGE/libexec/hardened/hardened-hook" '{extends: "train", hooks: [$hook]}')"
  policy '{"select": [{"program": "hardened-train", "profile": "both"}]}'
  recorded "$HARDENED_STAGE/bin/hardened-train" --rm "$BOX" trained basic /root
  logged '.complete and .profile == "both"'
  policy_reset
  rm -rf "$HARDENED_STAGE/etc/hardened/profiles.d"
}

@test "a profile made of it fits the same work under hardened-runtime" {
  recorded crun --rm --tmpfs /work "$BOX" trained basic /work
  "$HARDENED_STAGE/bin/hardenctl" profile generate --image "$BOX" --name fitting -o "$HARDENED_DAEMON/fitting.json"
  "$HARDENED_STAGE/bin/hardenctl" profile install "$HARDENED_DAEMON/fitting.json"
  policy '{"default_profile": "fitting"}'
  hardened --rm --tmpfs /work "$BOX" trained basic /work
  not hardened --rm --tmpfs /work "$BOX" trained exec
  policy_reset
  rm -rf "$HARDENED_STAGE/etc/hardened/profiles.d"
}

@test "profile verify runs a command of Podman, too" {
  local file=$HARDENED_DAEMON/canary.json
  recorded crun --rm "$BOX" trained nothing
  "$HARDENED_STAGE/bin/hardenctl" profile generate --image "$BOX" --name canary -o "$file"
  # shellcheck disable=SC2046 # one word, or none
  canary() { run inside "$HARDENED_STAGE/bin/hardenctl" profile verify "$file" $(leniently) -- podman run --network none "$@"; }
  canary --rm "$BOX" trained nothing
  contains "$file allows all that run"
  canary --rm "$BOX" trained exec
  contains "$file would have to be wider: it allows the call getpriority"
}

@test "a container that cannot be recorded does not start, and says why; one whose hook is gone when it ends goes" {
  local types=$HARDENED_DAEMON/types
  mkdir -p "$types"
  inside mount -t sysfs sysfs "$types"
  inside mount -t tmpfs tmpfs /sys/kernel/btf
  run recorded runc --rm "$BOX" true
  inside umount /sys/kernel/btf
  inside umount "$types"
  [ "$status" -ne 0 ]
  contains 'hardened-hook: cannot record the container: this kernel does not describe its types'
  equals "$(compgen -G "$(logs)/*.jsonl")" ""
}

@test "a create that fails after it was expected does not hide the container's next life" {
  mkdir -p "$HARDENED_DAEMON/late"
  run -127 recorded crun --name box --volume "$HARDENED_DAEMON/late:/late" "$BOX" /late/run basic /root
  cp "$HARDENED_WORKLOADS/trained" "$HARDENED_DAEMON/late/run"
  podman --hooks-dir "$HARDENED_STAGE/$HOOKS" start --attach box
  wait_for 20 the_log
  logged '.complete and (.syscalls.SCMP_ARCH_X86_64 | has("sched_yield"))'
}

# places PROCESS: as many runs of hooks as there are places, with that first process.
places() {
  local place file
  for ((place = 0; place < 64; place++)); do
    file=$HARDENED_STAGE/run/hardened/training/$(printf '%02x' "0x$(shard_of /other "other$place")")=other@other$place
    jq -n --argjson place "$place" --arg id "$(printf '%032x' "$place")" --arg init "$1" '{id: $id, runtime_root: "/other",
      container: "other\($place)", bundle: "/", tier: "bpf", slot: $place, init: $init}' >"$file"
    chmod 600 "$file"
  done
}

@test "where all places are taken a container does not start; those of containers that have ended are given up" {
  recorded crun --rm "$BOX" true
  rm -rf "$(logs)"
  places "$$:$(awk '{ print $22 }' "/proc/$$/stat")"
  run recorded runc --rm "$BOX" true
  places 4194303:1
  [ "$status" -ne 0 ]
  contains '64 containers are being recorded already'
  recorded runc --rm "$BOX" trained basic /root
  equals "$(jq -s 'map(select(.complete)) | length' "$(logs)"/*.jsonl)" 1
  equals "$(find "$HARDENED_STAGE/run/hardened/training" -type f)$(links)" ""
}

@test "called by hand it says what it is for" {
  local hook=$HARDENED_STAGE/libexec/hardened/hardened-hook row
  for row in 'record|' 'record|{}' 'record|{"id":"x","bundle":"/nowhere","status":"creating","pid":1}' 'other|{}' \
    'record|{"id":"x","bundle":"relative","status":"stopped"}' 'record|nonsense' \
    'record|{"id":"x","bundle":"/nowhere","status":"creating","pid":4294967297}'; do
    run "$hook" "${row%%|*}" <<<"${row#*|}"
    equals "$status" 1
    matches 'hardened-hook: cannot record the container: '
  done
  run "$hook" record <<<"{\"id\":\"x\",\"bundle\":\"/nowhere\",\"status\":\"creating\",\"pid\":$$}"
  contains "process $$ has no mount namespace of its own"
  run "$hook" record <<<'{"id":"x","bundle":"/nowhere","status":"stopped"}'
  equals "$status" 0
}
