#!/usr/bin/env bats
# Many containers at once, many alive together, and creates while policy, profile and audit log are replaced: a small
# turn of integration/load.

load helpers

setup_file() {
  export TABLE=$BATS_FILE_TMPDIR/table
  "$HARDENED_SOURCE/integration/load" 20 30 40 >"$TABLE" 2>"$TABLE.errors" </dev/null 3>&- || true
}

# unharmed ROW COUNT: nothing was violated.
unharmed() {
  run grep "^| $1" "$TABLE"
  matches "\\| $2 \\| 0 \\|\$" || { cut -c 1-2000 "$TABLE.errors" && false; }
}

@test "containers started at once all run, each with its own host ids, as they were granted" { unharmed 'containers started' 20; }
@test "so do containers that live together" { unharmed 'containers alive' 30; }
@test "removed, they leave nothing" { unharmed 'all of them' '0 left'; }
@test "creates under a policy, a profile and a log that are replaced all the time have one or the other, and are all recorded" {
  unharmed 'creates while' 41
}
