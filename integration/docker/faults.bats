#!/usr/bin/env bats
# Killed at any system call, or refused any: never a container weaker than its policy, never one that cannot be removed,
# nothing left after the next create, and an error line whenever a call fails. Every 101st trial of integration/faults,
# which makes all, in a process of its own: bats slows each of its own lines down.

load helpers

setup_file() {
  export TABLE=$BATS_FILE_TMPDIR/table
  "$HARDENED_SOURCE/integration/faults" -e 101 -s 7 >"$TABLE" 2>"$TABLE.errors" </dev/null 3>&- || true
}

# unharmed ROW: some trials were made, and nothing was violated.
unharmed() {
  run grep "^| $1 | " "$TABLE"
  matches '\| [0-9]+ \| [0-9]+ \| [1-9][0-9]* \| 0 \|$' || { cut -c 1-2000 "$TABLE.errors" && false; }
}

@test "create, killed or failing" { unharmed create; }
@test "create with a volume, killed or failing" { unharmed 'create with volume'; }
@test "what mounts the engine's socket is refused, whatever fails" { unharmed 'create with socket'; }
@test "what joins the host's network is refused, whatever fails" { unharmed 'create in hosts network'; }
@test "exec, killed or failing" { unharmed exec; }
@test "update, killed or failing" { unharmed update; }
@test "update beyond the maximum is refused, whatever fails" { unharmed 'refused update'; }
@test "delete, killed or failing" { unharmed 'delete long'; }
@test "the first create of all, killed or failing" { unharmed 'first create'; }
