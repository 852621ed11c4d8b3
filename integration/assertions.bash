# What a test expects of a text and of a container, whatever the engine. Sourced.
# shellcheck shell=bash
# shellcheck disable=SC2154 # bats sets output

# contains TEXT: the output of the last `run`.
contains() {
  [[ $output == *"$1"* ]] || {
    printf 'expected to find: %s\nin: %s\n' "$1" "$output"
    return 1
  }
}

matches() {
  [[ $output =~ $1 ]] || {
    printf 'expected a match for: %s\nin: %s\n' "$1" "$output"
    return 1
  }
}

# not COMMAND...: bats does not see a failing "! command".
not() {
  if "$@"; then return 1; fi
}

equals() {
  [ "$1" = "$2" ] || {
    printf 'expected: %s\ngot: %s\n' "$2" "$1"
    return 1
  }
}

# no_capability CONTAINER: all five sets are empty.
no_capability() {
  local set
  for set in CapEff CapPrm CapBnd CapInh CapAmb; do
    equals "$set $(status_of "$1" "$set")" "$set 0000000000000000" || return 1
  done
}
