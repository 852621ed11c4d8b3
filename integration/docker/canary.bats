#!/usr/bin/env bats
# hardenctl profile verify: what a profile would deny a container is told by a run in which nothing is denied.

# shellcheck disable=SC2154 # bats sets output, stderr and status
load helpers
load recorded

setup_file() {
  suite_up
  export PROFILE=$HARDENED_DAEMON/fitting.json
}
teardown_file() {
  suite_down
  rm -rf "$(logs)"
}
# A profile of a program that does nothing.
setup() {
  rm -rf "$(logs)"
  train --rm "$BOX" trained nothing
  hardenctl profile generate --image "$BOX" --name fitting --force -o "$PROFILE"
}
teardown() {
  remove_containers
  rm -rf "$HARDENED_STAGE/etc/hardened/profiles.d"
}

# verify ARGUMENT...: of the profile; the command's options and image come last.
verify() {
  # shellcheck disable=SC2046 # one word, or none
  run --separate-stderr hardenctl profile verify "$PROFILE" $(leniently) "$@"
}

@test "a container that keeps to its profile passes" {
  verify -- docker run --rm "$BOX" trained nothing
  equals "$status" 0
  matches "$output" "$PROFILE allows all that run * did"
}

@test "a container that needs more does not: each call is named, nothing was denied, the profile is as it was" {
  local before
  before=$(sha256sum "$PROFILE")
  verify -- docker run --rm "$BOX" sh -c 'trained basic /root && echo finished'
  equals "$status" 1
  contains "$PROFILE would have to be wider: it allows the call sched_yield"
  contains finished
  equals "$(sha256sum "$PROFILE")" "$before"
}

@test "widened, the profile lets the container do what it could not do before" {
  mkdir -p "$HARDENED_STAGE/etc/hardened"
  hardenctl profile install "$PROFILE"
  policy '{"select": [{"program": "hardened-train", "profile": "train"}, {"image": "hardened-test/*", "profile": "fitting"}]}'
  not hardened --rm --tmpfs /work "$BOX" trained basic /work
  run --separate-stderr hardenctl profile verify fitting --widen -- \
    docker run --rm --tmpfs /work "$BOX" trained basic /work
  equals "$status" 0
  matches "$output" 'fitting allows all that run * did'
  [[ $stderr == *'widened: the profile now allows the call sched_yield'* ]]
  hardened --rm --tmpfs /work "$BOX" trained basic /work
  policy_reset
}

@test "a container in the background is waited for" {
  hardenctl profile verify "$PROFILE" -- docker run -d --name box "$BOX" trained phases \
    >"$BATS_TEST_TMPDIR/said" 2>&1 3>&- &
  local canary=$! status=0
  wait_for 20 grep -q 'this goes on when it has ended' "$BATS_TEST_TMPDIR/said"
  wait_for 20 serving box
  docker stop box
  wait "$canary" || status=$? # by this shell: run's has no such child
  equals "$status" 1
  grep -q 'it allows the call times' "$BATS_TEST_TMPDIR/said"
}

@test "what no wider profile can allow is told, too: a write to the image, capabilities that were not recorded" {
  verify -- docker run --rm "$BOX" sh -c 'echo x >/etc/new'
  equals "$status" 1
  contains "$PROFILE would deny, or may: \"/etc/new\" was written"
  profile train-audit '{"extends": "train", "recorder": {"tier": "audit"}}'
  policy '{"select": [{"program": "hardened-train", "profile": "train-audit"}]}'
  run hardenctl profile verify "$PROFILE" -- docker run --rm "$BOX" trained nothing
  equals "$status" 1
  matches "$PROFILE would deny, or may: run .* does not tell which capabilities were used"
  run hardenctl profile verify "$PROFILE" --incomplete -- docker run --rm "$BOX" trained nothing
  policy_reset
  equals "$status" 0
  matches "warning: run .* does not tell which capabilities were used"
}

@test "a command that fails is said; a word \"run\" that is an option's value is no verb" {
  verify -- docker --log-level run run --rm "$BOX" true
  equals "$status" 2
  [[ $stderr != *"unknown flag"* ]]
  verify -- docker --log-level error run --rm "$BOX" sh -c 'exit 3'
  [[ $stderr == *"the command ended with 3"* ]]
}

@test "for a program the output is JSON and nothing else" {
  verify --json -- docker run --rm "$BOX" sh -c 'echo spoken; trained basic /root'
  equals "$status" 1
  equals "$(jq -c '[(.runs | length), (.changes | index("allows the call sched_yield") != null)]' <<<"$output")" '[1,true]'
  [[ $stderr == *spoken* ]]
}

@test "what cannot be verified is said" {
  local -a rows=(
    "cannot verify with \"rm\"|rm -rf"
    'a command that runs no container|docker ps'
    'the command made no container|docker run no-such-option --no such'
    "was not recorded|docker run --runtime=hardened --rm $BOX true"
    'cannot run "/nowhere/docker"|/nowhere/docker run x')
  local row
  for row in "${rows[@]}"; do
    # shellcheck disable=SC2086 # the words of a command
    verify -- ${row#*|}
    equals "$status" 2
    [[ $stderr == *"${row%%|*}"* ]] || { echo "$stderr" && return 1; }
  done
  run --separate-stderr hardenctl profile verify strict --widen -- docker run --rm "$BOX" true
  equals "$status" 2
  [[ $stderr == *'cannot widen "strict": it is shipped'* ]]
  equals "$(find /tmp -maxdepth 1 -name 'hardenctl.*')" ""
}
