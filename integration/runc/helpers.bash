# What the suites of the bare command line share: a bundle of Docker's shape, no engine.
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output and status

bats_require_minimum_version 1.5.0

# shellcheck source=integration/lib.bash
source "$BATS_TEST_DIRNAME/../lib.bash"

: "${HARDENED_STAGE:?run the suites by tests/run integration}"

policy_file() { printf '%s\n' "$HARDENED_STAGE/etc/hardened/policy.json"; }

# use_runtime PATH: the low-level runtime that the policy names.
use_runtime() {
  mkdir -p "$HARDENED_STAGE/etc/hardened"
  jq -n --arg path "$1" '{"version": 1, "runtimes": [$path]}' >"$(policy_file)"
}

shim() { "$HARDENED_STAGE/bin/hardened-runtime" "$@"; }

# make_bundle DIRECTORY [FILTER]: a bundle with busybox; FILTER is a jq program over its config.json.
make_bundle() {
  local bundle=$1 filter=${2:-.}
  mkdir -p "$bundle/rootfs"/{bin,dev,proc,run,sys,tmp,var/tmp}
  cp "$(command -v busybox)" "$bundle/rootfs/bin/busybox"
  ln -sf busybox "$bundle/rootfs/bin/sleep"
  ln -sf busybox "$bundle/rootfs/bin/sh"
  ln -sf busybox "$bundle/rootfs/bin/cat"
  rm -f "$bundle/config.json"
  runc spec --bundle "$bundle"
  jq '.process.args = ["/bin/sleep", "600"] | .process.terminal = false | .process.env = ["PATH=/bin"] | '"$filter" \
    "$bundle/config.json" >"$bundle/config.new"
  mv "$bundle/config.new" "$bundle/config.json"
}

contains() {
  [[ $output == *"$1"* ]] || {
    printf 'expected to find: %s\nin: %s\n' "$1" "$output"
    return 1
  }
}

equals() {
  [ "$1" = "$2" ] || {
    printf 'expected: %s\ngot: %s\n' "$2" "$1"
    return 1
  }
}

# A directory only root can write to, as an engine's is; bats' own lies below /tmp.
suite_directory() {
  mkdir -p /var/lib/hardened-test
  mktemp -d /var/lib/hardened-test/c.XXXXXX
}
