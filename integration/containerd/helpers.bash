# What the containerd suites share. Each gets an engine of its own (setup_file) and removes it (teardown_file).
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output and status

bats_require_minimum_version 1.5.0

source "$BATS_TEST_DIRNAME/../lib.bash"
source "$BATS_TEST_DIRNAME/../docker/daemon.bash"
source "$BATS_TEST_DIRNAME/../docker/policy.bash"
source "$BATS_TEST_DIRNAME/../docker/images.bash"
source "$BATS_TEST_DIRNAME/../docker/kernel.bash"
source "$BATS_TEST_DIRNAME/../assertions.bash"
source "$BATS_TEST_DIRNAME/engine.bash"

BOX=localhost/hardened-test/box:1

suite_up() {
  : "${HARDENED_STAGE:?run the suites by tests/run integration}" "${HARDENED_WORKLOADS:?}"
  export HARDENED_TEST_RUNTIME=runc
  policy_reset
  containerd_up
  import_box "$BOX"
}

suite_down() {
  daemon_down
  rm -f "$(policy_file)"
}

pid_of() { ctr task ls | awk -v id="$1" '$1 == id { print $2 }'; }

hardened() { ctr run --runc-binary "$HARDENED_STAGE/bin/hardened-runtime" "$@"; }

# sleeper NAME [ARGUMENT...]: a hardened container in the background.
sleeper() {
  local name=$1
  shift
  hardened --detach "$@" "$BOX" "$name" sleep 600
}

# execute CONTAINER COMMAND...: its output by way of a file in the container. `ctr task exec` itself drops what a short
# process wrote when it is late to open the pipe (containerd pull request 13931).
execute() {
  local container=$1 out=/tmp/out.$RANDOM$RANDOM status=0
  shift
  # shellcheck disable=SC2016 # the shell in the container is to expand them
  ctr task exec --exec-id "e$RANDOM$RANDOM" "$container" sh -c 'out=$1; shift; "$@" >"$out" 2>&1' sh "$out" "$@" ||
    status=$?
  cat "/proc/$(pid_of "$container")/root$out"
  return "$status"
}

# refused CONTROL ARGUMENT...: `ctr run` fails by that control (a regular expression).
refused() {
  local control=$1
  shift
  run hardened --rm "$@" "$BOX" refused true
  [ "$status" -ne 0 ] || {
    printf 'expected a refusal by %s of: %s\n' "$control" "$*"
    return 1
  }
  matches "hardened: refused by ($control): "
}
