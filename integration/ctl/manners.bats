#!/usr/bin/env bats
# What every command of hardenctl keeps to: help with examples, JSON where it prints data, the same output twice, no
# colours, and 2 with how to mend it where it cannot do its work.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup() {
  DIRECTORY=$(suite_directory)
  rm -rf "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened"
  use_runtime "$(command -v runc)"
  make_bundle "$DIRECTORY/bundle" '.linux.namespaces |= map(select(.type != "pid"))'
  shim --root "$DIRECTORY/root" create --bundle "$DIRECTORY/bundle" evil >/dev/null 2>&1 3>&- </dev/null || true
  make_bundle "$DIRECTORY/bundle" .
}
teardown() { rm -rf "$DIRECTORY" "$HARDENED_STAGE/etc/hardened" "$HARDENED_STAGE/var/log/hardened"; }

# Every command, one a line, as `--help` names them.
commands() {
  local command words
  names() { sed -n '/^Subcommands:/,/^$/s/^  \([a-z]\+\) .*/\1/p'; }
  hardenctl --help | names | while read -r command; do
    words=$(hardenctl "$command" --help | names)
    if [ -z "$words" ]; then
      printf '%s\n' "$command"
    else
      sed "s/^/$command /" <<<"$words"
    fi
  done
}

# Those that print data, with arguments that they need.
printing() {
  printf '%s\n' 'audit show' 'audit verify' controls 'controls seccomp' doctor 'doctor --host' 'explain evil' \
    "explain $DIRECTORY/bundle" "explain $DIRECTORY/bundle --diff" 'policy check' 'policy show' 'profile list' \
    'profile show strict' 'profile lint compat' 'profile diff strict compat' status verify
}

@test "every command there is has help with an example that names it" {
  local -a found
  mapfile -t found < <(commands)
  [ "${#found[@]}" -ge 20 ]
  local words
  for words in "${found[@]}"; do
    # shellcheck disable=SC2086 # they are words
    ends 0 $words --help
    contains "Examples:"
    contains "  hardenctl $words"
  done
}

@test "what prints data prints it as JSON, too" {
  local words
  while read -r words; do
    # shellcheck disable=SC2086 # they are words
    run --separate-stderr hardenctl $words --json
    [ "$status" -le 1 ] || { echo "hardenctl $words --json: $status $stderr" && false; }
    jq -e . <<<"$output" >/dev/null || { echo "hardenctl $words --json is none" && false; }
  done < <(printing)
}

@test "the same question has the same answer" {
  local words first
  while read -r words; do
    # shellcheck disable=SC2086 # they are words
    run hardenctl $words
    first=$output
    # shellcheck disable=SC2086
    run hardenctl $words
    equals "$output" "$first"
  done < <(printing)
}

@test "there are no colours, on a terminal or elsewhere" {
  local words
  while read -r words; do
    run script -qec "TERM=xterm-256color $HARDENED_STAGE/bin/hardenctl $words" /dev/null </dev/null
    [[ $output != *$'\e'* ]] || { echo "hardenctl $words" && false; }
  done < <(printing)
}

@test "a command line that is wrong ends with 2 and where to look" {
  local words
  while read -r words; do
    # shellcheck disable=SC2086 # they are words
    ends 2 $words --nonesuch
    complains "--help"
  done < <(commands)
}
