# What the Podman suites share. Each gets an engine of its own (setup_file) and removes it (teardown_file).
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

pid_of() { podman inspect --format '{{.State.Pid}}' "$1"; }

suite_up() {
  : "${HARDENED_STAGE:?run the suites by tests/run integration}" "${HARDENED_WORKLOADS:?}"
  export HARDENED_TEST_RUNTIME=crun # Podman's own default
  policy_reset
  podman_up
  local root=$HARDENED_DAEMON/box
  box_rootfs "$root"
  tar -C "$root" --numeric-owner -c . >"$root.tar"
  podman import --quiet --change 'ENV PATH=/bin' --change 'CMD ["sleep","600"]' "$root.tar" "$BOX" >/dev/null
  rm -rf "$root" "$root.tar"
}

suite_down() {
  podman_down
  rm -f "$(policy_file)"
}

no_containers() {
  podman pod rm --all --force --time 0 >/dev/null 2>&1
  podman rm --all --force --time 0 >/dev/null
}

# Most containers need no network; without it they start faster.
hardened() { podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" run --network none "$@"; }

# sleeper NAME [ARGUMENT...]: a hardened container in the background.
sleeper() {
  local name=$1
  shift
  hardened --detach --name "$name" "$@" "$BOX" sleep 600 >/dev/null
}

# refused CONTROL ARGUMENT...: `podman run` fails by that control (a regular expression).
refused() {
  local control=$1
  shift
  run podman --runtime "$HARDENED_STAGE/bin/hardened-runtime" run --rm "$@"
  [ "$status" -ne 0 ] || {
    printf 'expected a refusal by %s of: %s\n' "$control" "$*"
    return 1
  }
  matches "hardened: refused by ($control): "
}
