#!/usr/bin/env bats
# What a start costs in instructions, which neither a busy machine nor a slow one changes: a guard against getting slower
# without noticing. How long it takes is measured by integration/bench.

load helpers
# shellcheck source=integration/docker/policy.bash
source "$HARDENED_SOURCE/integration/docker/policy.bash"

# find_valgrind: one that knows openat2(2), 3.24 or later; where this release has none, that of Debian 13.
find_valgrind() {
  local root=$HARDENED_BUILD/valgrind
  VALGRIND=$(command -v valgrind || true)
  if ! printf 'valgrind-3.24\n%s\n' "$(${VALGRIND:-true} --version)" | sort --version-sort --check=quiet; then
    [ -d "$root" ] || archive_of trixie | mmdebstrap --quiet --variant=extract --skip=check/qemu --include=valgrind \
      --aptopt='Acquire::Check-Valid-Until "false"' "" "$root" - || return
    export VALGRIND=$root/usr/bin/valgrind VALGRIND_LIB=$root/usr/libexec/valgrind
  fi
}

setup() { WORK=$(suite_directory); }
teardown() {
  rm -rf "$WORK" "$HARDENED_STAGE/etc/hardened/profiles.d"
  rm -f "$(policy_file)"
}

# counted COMMAND...: the instructions of a verb that is handed on, until the runtime is reached.
counted() { "$HARDENED_WORKLOADS/counted" "$@" 2>/dev/null; }

# --version decides nothing at all; the others look for the container first.
@test "a verb that is handed on reaches the runtime within a thousand instructions, one about a container within 200,000" {
  local most verb count
  use_runtime "$HARDENED_WORKLOADS/nothing"
  while read -r most verb; do
    # shellcheck disable=SC2086 # the words of a command
    count=$(counted "$HARDENED_STAGE/bin/hardened-runtime" $verb)
    echo "# $verb: $count instructions" >&3
    [ "$count" -gt 100 ]
    [ "$count" -lt "$most" ]
  done <<<$'1000 --version\n200000 state box\n200000 kill box TERM'
}

@test "a create without a user namespace costs less than 16 million" {
  local count
  find_valgrind
  ln -s "$HARDENED_STAGE/bin/hardened-runtime" "$WORK/hardened-counted"
  profile counted '{"extends": "strict", "user_namespace": {"mode": "host"}}'
  jq -n --arg nothing "$HARDENED_WORKLOADS/nothing" \
    '{version: 1, runtimes: [$nothing], select: [{program: "hardened-counted", profile: "counted"}]}' >"$(policy_file)"
  make_bundle "$WORK/box"
  "$VALGRIND" --tool=callgrind --callgrind-out-file="$WORK/counts" --dump-before=execve \
    "$WORK/hardened-counted" --root "$WORK/root" create --bundle "$WORK/box" box
  count=$(sed -n 's/^totals: //p' "$WORK"/counts.1)
  echo "# create: $count instructions" >&3
  [ "$count" -gt 1000000 ]
  [ "$count" -lt 16000000 ]
}
