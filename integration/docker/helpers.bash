# What the Docker suites share. Each suite gets a dockerd of its own (setup_file) and removes it (teardown_file).
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output, stderr and status

bats_require_minimum_version 1.5.0

# shellcheck source=integration/lib.bash
source "$BATS_TEST_DIRNAME/../lib.bash"
# shellcheck source=integration/docker/daemon.bash
source "$BATS_TEST_DIRNAME/daemon.bash"
# shellcheck source=integration/docker/policy.bash
source "$BATS_TEST_DIRNAME/policy.bash"
# shellcheck source=integration/docker/images.bash
source "$BATS_TEST_DIRNAME/images.bash"
# shellcheck source=integration/docker/kernel.bash
source "$BATS_TEST_DIRNAME/kernel.bash"
# shellcheck source=integration/assertions.bash
source "$BATS_TEST_DIRNAME/../assertions.bash"

# suite_up [DAEMON_JSON]
suite_up() {
  : "${HARDENED_STAGE:?run the suites by tests/run integration}" "${HARDENED_WORKLOADS:?}"
  policy_reset
  daemon_up "$@"
  make_images
}

suite_down() {
  daemon_down
  rm -f "$(policy_file)"
}

stock() { docker run --runtime=runc "$@"; }
hardened() { docker run --runtime=hardened "$@"; }

# sleeper NAME [ARGUMENT...]: a hardened container in the background.
sleeper() {
  local name=$1
  shift
  hardened -d --name "$name" "$@" "$BOX" sleep 600 >/dev/null
}

# tampering_runtime FILTER: the path of a low-level runtime that changes each spec by the shell command FILTER.
tampering_runtime() {
  local directory=$HARDENED_DAEMON/tampered
  mkdir -p "$directory"
  cp "$HARDENED_SOURCE/integration/docker/tampered" "$directory/runc"
  ln -sf "$(low_level_runtime)" "$directory/runtime"
  printf '#!/bin/bash\n%s\n' "$1" >"$directory/filter"
  chmod +x "$directory/filter"
  printf '%s\n' "$directory/runc"
}

# with_call CALL: such a command, that makes the seccomp filter allow CALL. (jq would round the numbers of 64 bits.)
with_call() { printf "sed 's/\"%s\"/\"no_such_call\"/;s/\"read\",/\"read\",\"%s\",/'" "$1" "$1"; }

# refused_command CONTROL COMMAND...: a docker command fails by that control (a regular expression).
refused_command() {
  local control=$1
  shift
  run "$@"
  [ "$status" -ne 0 ] || {
    printf 'expected a refusal by %s of: %s\n' "$control" "$*"
    return 1
  }
  matches "hardened: refused by ($control): "
}

# refused CONTROL ARGUMENT...: the same for docker run.
refused() {
  local control=$1
  shift
  refused_command "$control" docker run --rm --runtime=hardened "$@"
}

# stock_gives PATTERN ARGUMENT...: stock Docker runs this, and the program inside shows it by its output.
stock_gives() {
  local pattern=$1
  shift
  run stock --rm "$@"
  equals "$status" 0 && matches "$pattern"
}

# never CONTROL ARGUMENT... -- COMMAND...: either the control refuses `docker run`, or COMMAND inside fails.
never() {
  local control=$1
  local -a arguments=()
  shift
  while [ "$1" != -- ]; do
    arguments+=("$1")
    shift
  done
  shift
  run docker run --rm --runtime=hardened "${arguments[@]}" "$BOX" "$@"
  [ "$status" -ne 0 ] || {
    printf 'it was neither refused nor contained: %s\n' "$output"
    return 1
  }
  [[ $output != *"OCI runtime create failed"* ]] || matches "hardened: refused by ($control): "
}

# on_a_terminal COMMAND: script(1) gives the docker command the terminal that -t asks for.
on_a_terminal() { script -qec "$1" /dev/null </dev/null; }

# stock_asks FILTER ARGUMENT...: the spec stock Docker hands to a runtime for these arguments satisfies a jq filter.
stock_asks() {
  local filter=$1
  shift
  rm -f "$HARDENED_DAEMON/run/captured.json"
  run docker run --rm --runtime=capture "$@"
  jq -e "$filter" "$HARDENED_DAEMON/run/captured.json" >/dev/null
}
