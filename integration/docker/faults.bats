#!/usr/bin/env bats
# Killed at any system call, or refused any: never a container weaker than its policy, never one that cannot be removed,
# nothing left after the next create, and an error line whenever a call fails. A selection: integration/faults tries
# all.

load helpers
# shellcheck source=integration/docker/faults.bash
source "$BATS_TEST_DIRNAME/faults.bash"
# shellcheck source=integration/docker/fault_rows.bash
source "$BATS_TEST_DIRNAME/fault_rows.bash"

setup_file() {
  suite_up
  faults_up
}
teardown_file() {
  faults_down
  suite_down
}

# tried VERB EVERY
tried() {
  run fault_row "$1" "$2" 3
  equals "$status" 0
}

@test "create, killed or failing" { tried create 73; }
@test "create with a volume, killed or failing" { tried create_with_volume 173; }
@test "what mounts the engine's socket is refused, whatever fails" { tried create_with_socket 89; }
@test "what joins the host's network is refused, whatever fails" { tried create_in_hosts_network 17; }
@test "exec, killed or failing" { tried exec 17; }
@test "update, killed or failing" { tried update 17; }
@test "update beyond the maximum is refused, whatever fails" { tried refused_update 17; }
@test "delete, killed or failing" {
  tried delete 3
  tried delete_long 17
}

@test "a container with wider limits than without a fault is noticed" {
  TRIAL=widened
  profile faults '{"extends": "strict"}'
  create_container
  run judge_container
  end_container
  contains "widened: another container"
}

@test "an id range that is not given back is noticed" {
  TRIAL=taken
  create_container
  run create_next
  contains "are not free"
  end_container
}
